variable "airflow_version" {
  description = "Apache Airflow version, one that MWAA offers."
  type        = string

  validation {
    condition     = can(regex("^(2\\.11|3\\.[0-9]+)\\.[0-9]+$", var.airflow_version))
    error_message = "airflow_version: 2.11.x or 3.x.y."
  }
}

variable "airflow_environment_class" {
  description = "Size of schedulers, web servers and workers."
  type        = string

  validation {
    condition     = can(regex("^mw1\\.(small|medium|large|xlarge|2xlarge)$", var.airflow_environment_class))
    error_message = "airflow_environment_class: mw1.small, mw1.medium, mw1.large, mw1.xlarge or mw1.2xlarge."
  }
}

variable "airflow_workers" {
  description = "Least and greatest number of workers."
  type        = object({ min = number, max = number })

  validation {
    condition     = var.airflow_workers.min >= 1 && var.airflow_workers.min <= var.airflow_workers.max
    error_message = "airflow_workers: 1 <= min <= max."
  }
}

variable "airflow_parallelism" {
  description = "Tasks that a scheduler runs at the same time."
  type        = number

  validation {
    condition     = var.airflow_parallelism >= 1
    error_message = "airflow_parallelism: at least 1."
  }
}

variable "airflow_max_active_tasks_per_dag" {
  description = "Tasks of one DAG that run at the same time; the strategy calls it DAG_CONCURRENCY."
  type        = number

  validation {
    condition     = var.airflow_max_active_tasks_per_dag >= 1 && var.airflow_max_active_tasks_per_dag <= var.airflow_parallelism
    error_message = "airflow_max_active_tasks_per_dag: at least 1 and no more than airflow_parallelism."
  }
}

variable "pipeline_emails" {
  description = "Who is told when a DAG fails: the data team."
  type        = set(string)

  validation {
    condition     = length(var.pipeline_emails) >= 1
    error_message = "pipeline_emails: at least one."
  }
}
