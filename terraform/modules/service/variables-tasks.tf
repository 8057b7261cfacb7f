variable "services" {
  description = "The services, by component. path_patterns are the paths that the load balancer sends to it; null for the one that gets the rest. tried_paths are asked of a new version, besides health_path, before it gets traffic. Secrets map a variable to ARN:key::."
  type = map(object({
    port               = number
    health_path        = string
    health_command     = list(string)
    tried_paths        = list(string)
    path_patterns      = optional(list(string))
    writable_paths     = optional(list(string), ["/tmp"])
    environment        = optional(map(string), {})
    secrets            = optional(map(string), {})
    task_role_arn      = string
    execution_role_arn = string
  }))

  validation {
    condition     = length([for service in values(var.services) : service if service.path_patterns == null]) == 1
    error_message = "services: exactly one without path_patterns; it gets every request that no other takes."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : startswith(service.health_path, "/") && service.health_path != "/"])
    error_message = "services: health_path is a path that answers 200 only when the service can serve; / answers too easily."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : length(service.tried_paths) > 0 && alltrue([for path in service.tried_paths : startswith(path, "/")])])
    error_message = "services: tried_paths are what readers ask for, each with a slash; that a service is healthy does not say that it works."
  }

  validation {
    condition = alltrue(flatten([
      for service in values(var.services) : [for secret in values(service.secrets) : startswith(secret, "arn:")]
    ]))
    error_message = "services: secrets name an ARN of Secrets Manager, never a value."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.task_role_arn != service.execution_role_arn])
    error_message = "services: task and execution role differ, or code in a task can read every secret of its start."
  }
}

variable "migration" {
  description = "The task that migrates the database before a release; it runs the API's image."
  type = object({
    command            = list(string)
    environment        = optional(map(string), {})
    task_role_arn      = string
    execution_role_arn = string
  })

  validation {
    condition     = length(var.migration.command) >= 1
    error_message = "migration: a command."
  }
}

variable "task_size" {
  description = "Size of every task: CPU units (1024 is one vCPU) and MiB of memory."
  type        = object({ cpu = number, memory = number })

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.task_size.cpu) && var.task_size.memory >= 2 * var.task_size.cpu && var.task_size.memory <= 8 * var.task_size.cpu
    error_message = "task_size: a size that Fargate offers; cpu a power of two from 256, memory in MiB 2 to 8 times as much."
  }
}

variable "task_count" {
  description = "Least and greatest number of tasks of each service."
  type        = object({ min = number, max = number })

  validation {
    condition     = var.task_count.min >= 2 && var.task_count.max > var.task_count.min
    error_message = "task_count: min at least 2, max above min."
  }
}

variable "utilisation_percent" {
  description = "Utilisation that auto scaling aims at. Lower leaves more room for the minutes that a new task needs to start."
  type        = object({ cpu = number, memory = number })
  default     = { cpu = 50, memory = 65 }

  validation {
    condition     = alltrue([for percent in values(var.utilisation_percent) : percent >= 20 && percent <= 75])
    error_message = "utilisation_percent: 20 to 75; the alarm goes off at 80."
  }
}

variable "collector_memory" {
  description = "MiB of a task's memory that the trace collector may use at most."
  type        = number
  default     = 256

  validation {
    condition     = var.collector_memory >= 128 && var.collector_memory <= var.task_size.memory / 4
    error_message = "collector_memory: 128 to a quarter of the task's memory."
  }
}

variable "release" {
  description = "How traffic moves to a new version: share of the first step, minutes until the rest follows, minutes that the old tasks stay."
  type = object({
    first_step_percent = number
    first_step_minutes = number
    bake_minutes       = number
  })

  validation {
    condition     = var.release.first_step_percent >= 1 && var.release.first_step_percent <= 99 && var.release.first_step_minutes >= 1 && var.release.bake_minutes >= 0 && var.release.bake_minutes <= 2880
    error_message = "release: first step 1 to 99 percent for at least a minute, old tasks at most 2880 minutes."
  }
}
