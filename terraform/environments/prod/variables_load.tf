variable "load_test" {
  description = "Load test from several tasks inside the network; off by default. Digest of the image that runs Locust, number of workers, arrivals per second of all of them together, seconds that are measured."
  type = object({
    enabled          = optional(bool, false)
    image_digest     = optional(string, "")
    workers          = optional(number, 4)
    rate             = optional(number, 400)
    duration_seconds = optional(number, 120)
  })
  default = { enabled = false }

  validation {
    condition     = !var.load_test.enabled || can(regex("^sha256:[0-9a-f]{64}$", var.load_test.image_digest))
    error_message = "load_test.image_digest: sha256:, then 64 hexadecimal digits, of an image that you have built (modules/load/README.md)."
  }

  validation {
    condition     = var.load_test.workers >= 1 && var.load_test.workers <= 20 && floor(var.load_test.workers) == var.load_test.workers
    error_message = "load_test.workers: a whole number from 1 to 20."
  }

  validation {
    condition     = var.load_test.rate > 0 && var.load_test.rate <= 500 * var.load_test.workers
    error_message = "load_test.rate: above 0, and at most 500 arrivals a second for each worker, which can make no more and still measure."
  }

  validation {
    condition     = var.load_test.duration_seconds >= 10 && var.load_test.duration_seconds <= 900
    error_message = "load_test.duration_seconds: 10 to 900."
  }
}
