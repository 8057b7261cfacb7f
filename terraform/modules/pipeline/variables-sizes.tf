variable "airflow_version" {
  description = "Apache Airflow version, one that MWAA offers. Moving from 2.x to 3.x replaces the environment."
  type        = string
  default     = "3.0.6"

  validation {
    condition     = can(regex("^(2\\.11|3\\.[0-9]+)\\.[0-9]+$", var.airflow_version))
    error_message = "airflow_version: 2.11.x or 3.x.y; older ones get no security fixes any more."
  }
}

variable "environment_class" {
  description = "Size of schedulers, web servers and workers."
  type        = string
  default     = "mw1.medium"

  validation {
    condition     = contains(["mw1.small", "mw1.medium", "mw1.large", "mw1.xlarge", "mw1.2xlarge"], var.environment_class)
    error_message = "environment_class: one of mw1.small, mw1.medium, mw1.large, mw1.xlarge, mw1.2xlarge (mw1.micro has a single scheduler, so it is not for production)."
  }
}

variable "workers" {
  description = "Least and greatest number of workers that MWAA scales between."
  type        = object({ min = number, max = number })
  default     = { min = 1, max = 5 }

  validation {
    condition     = var.workers.min >= 1 && var.workers.min <= var.workers.max && var.workers.max <= 25
    error_message = "workers: 1 <= min <= max <= 25."
  }
}

variable "webservers" {
  description = "Least and greatest number of web servers; they also answer the REST API."
  type        = object({ min = number, max = number })
  default     = { min = 2, max = 3 }

  validation {
    condition     = var.webservers.min >= 2 && var.webservers.min <= var.webservers.max && var.webservers.max <= 5
    error_message = "webservers: 2 <= min <= max <= 5."
  }
}

variable "schedulers" {
  description = "Number of schedulers. Two survive the loss of one."
  type        = number
  default     = 2

  validation {
    condition     = var.schedulers >= 2 && var.schedulers <= 5
    error_message = "schedulers: 2 to 5."
  }
}

variable "parallelism" {
  description = "Tasks that each scheduler runs at the same time (Airflow's core.parallelism)."
  type        = number
  default     = 16

  validation {
    condition     = var.parallelism >= 1 && floor(var.parallelism) == var.parallelism
    error_message = "parallelism: a whole number of at least 1."
  }
}

variable "max_active_tasks_per_dag" {
  description = "Tasks of one DAG that run at the same time (Airflow's core.max_active_tasks_per_dag)."
  type        = number
  default     = 8

  validation {
    condition     = var.max_active_tasks_per_dag >= 1 && var.max_active_tasks_per_dag <= var.parallelism
    error_message = "max_active_tasks_per_dag: at least 1 and no more than parallelism."
  }
}

variable "maintenance_window_start" {
  description = "Start of the two-hour weekly maintenance window, DAY:HH:MM in UTC, on a full or half hour. Keep it clear of the schedules: tasks die in it."
  type        = string
  default     = "TUE:19:30"

  validation {
    condition     = can(regex("^(MON|TUE|WED|THU|FRI|SAT|SUN):([01][0-9]|2[0-3]):(00|30)$", var.maintenance_window_start))
    error_message = "maintenance_window_start: DAY:HH:MM in UTC, such as TUE:19:30; minutes 00 or 30."
  }
}
