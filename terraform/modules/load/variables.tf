variable "name" {
  description = "Prefix of every name in this module, such as nba-news-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}[a-z0-9]$", var.name))
    error_message = "name: 3 to 22 lower-case letters, digits and hyphens."
  }
}

variable "host" {
  description = "What is put under load: https:// and the host name that leads to the load balancer inside the network."
  type        = string

  validation {
    condition     = can(regex("^https://([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.host))
    error_message = "host: https:// and a host name in lower case, without a path."
  }
}

variable "image_digest" {
  description = "Digest of the image in this module's repository: this repository with pip install 'prod-gate[load]' (README.md)."
  type        = string

  validation {
    condition     = can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "image_digest: sha256:, then 64 hexadecimal digits. A tag is not a digest: it can move."
  }
}

variable "workers" {
  description = "Tasks that make the load, besides the master."
  type        = number

  validation {
    condition     = var.workers >= 1 && var.workers <= 20 && floor(var.workers) == var.workers
    error_message = "workers: a whole number from 1 to 20."
  }
}

variable "rate" {
  description = "Arrivals per second of all workers together; each makes a request or more."
  type        = number

  validation {
    condition     = var.rate > 0 && var.rate <= 500 * var.workers
    error_message = "rate: above 0, and at most 500 arrivals a second for each worker; with more it measures itself."
  }
}

variable "duration_seconds" {
  description = "How long the load is measured."
  type        = number

  validation {
    condition     = var.duration_seconds >= 10 && var.duration_seconds <= 900
    error_message = "duration_seconds: 10 to 900."
  }
}

variable "task_size" {
  description = "Size of every task: CPU units (1024 is one vCPU) and MiB of memory. Locust uses one vCPU and no more."
  type        = object({ cpu = number, memory = number })
  default     = { cpu = 1024, memory = 2048 }

  validation {
    condition     = contains([1024, 2048, 4096], var.task_size.cpu) && var.task_size.memory >= 2 * var.task_size.cpu && var.task_size.memory <= 8 * var.task_size.cpu
    error_message = "task_size: cpu 1024, 2048 or 4096 (a share of a vCPU has pauses that look like slow answers), memory in MiB 2 to 8 times as much."
  }
}

variable "vpc_id" {
  description = "Network that the tasks run in."
  type        = string
}

variable "load_balancer_group_id" {
  description = "Security group of the load balancer, which lets the tasks in."
  type        = string
}

variable "endpoints_group_id" {
  description = "Security group of the interface endpoints of AWS services, which lets the tasks in."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the image and of the results."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.kms_key_arn))
    error_message = "kms_key_arn: the ARN of a KMS key."
  }
}

variable "logs_kms_key_arn" {
  description = "Key of the log groups; its policy must let CloudWatch Logs use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn: the ARN of a KMS key."
  }
}

variable "access_log_bucket" {
  description = "Name of the bucket that takes S3 server access logs."
  type        = string
}

variable "log_retention_days" {
  description = "Days that logs and results are kept."
  type        = number

  validation {
    condition     = var.log_retention_days >= 90
    error_message = "log_retention_days: at least 90."
  }
}
