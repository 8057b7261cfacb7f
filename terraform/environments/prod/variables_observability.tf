variable "alarm_emails" {
  description = "Who is told of every alarm."
  type        = set(string)

  validation {
    condition     = length(var.alarm_emails) >= 1
    error_message = "alarm_emails: at least one; an alarm that nobody reads tells nobody."
  }
}

variable "pager_endpoint" {
  description = "HTTPS address of the paging service; it holds a key, so set it as TF_VAR_pager_endpoint."
  type        = string
  default     = null
  sensitive   = true
}

variable "slack" {
  description = "Slack workspace and channel in which alarms are shown; null for none."
  type        = object({ workspace_id = string, channel_id = string })
  default     = null
}

variable "slo" {
  description = "Service level objectives that alarm thresholds follow (seconds and percent)."
  type = object({
    latency_p95_seconds = number
    error_rate_percent  = number
    dag_failure_percent = number
  })

  validation {
    condition     = var.slo.latency_p95_seconds > 0 && var.slo.latency_p95_seconds <= 10
    error_message = "slo.latency_p95_seconds: in seconds; 200 ms is 0.2."
  }
}

variable "dags" {
  description = "DAGs to watch, by id: how long a run may take, how late it may start, and the longest time without a successful run."
  type = map(object({
    max_duration_minutes      = number
    max_start_delay_seconds   = number
    max_hours_without_success = number
  }))
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number

  validation {
    condition     = var.log_retention_days >= 90
    error_message = "log_retention_days: at least 90."
  }
}
