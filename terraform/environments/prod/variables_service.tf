variable "task_size" {
  description = "Size of every task: CPU units (1024 is one vCPU) and MiB of memory."
  type        = object({ cpu = number, memory = number })

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.task_size.cpu)
    error_message = "task_size.cpu: a size that Fargate offers: 256, 512, 1024, 2048, 4096, 8192 or 16384."
  }

  validation {
    condition     = var.task_size.memory >= 2 * var.task_size.cpu && var.task_size.memory <= 8 * var.task_size.cpu
    error_message = "task_size.memory: in MiB, 2 to 8 times the CPU units."
  }
}

variable "task_count" {
  description = "Least and greatest number of tasks of each service."
  type        = object({ min = number, max = number })

  validation {
    condition     = var.task_count.min >= 2 && var.task_count.max > var.task_count.min
    error_message = "task_count: min at least 2 (with one, any loss is an outage), max above min (or nothing can grow)."
  }
}

variable "image_digests" {
  description = "Digests of the images that run, by component. The collector's is that of the AWS distribution of OpenTelemetry."
  type        = object({ api = string, frontend = string, collector = string })

  validation {
    condition     = alltrue([for digest in values(var.image_digests) : can(regex("^sha256:[0-9a-f]{64}$", digest))])
    error_message = "image_digests: sha256:, then 64 hexadecimal digits. A tag is not a digest: it can move."
  }
}

variable "release" {
  description = "How traffic moves to a new version: share of the first step in percent, minutes until the rest follows, minutes that the old tasks stay afterwards."
  type = object({
    first_step_percent = number
    first_step_minutes = number
    bake_minutes       = number
  })

  validation {
    condition     = var.release.first_step_percent >= 1 && var.release.first_step_percent <= 50
    error_message = "release.first_step_percent: 1 to 50; more is no longer a trial."
  }

  validation {
    condition     = var.release.first_step_minutes >= 5 && var.release.bake_minutes >= 5 && var.release.bake_minutes <= 2880
    error_message = "release: at least 5 minutes each, the time that the alarms take to see anything; CodeDeploy waits 2880 at most."
  }
}
