variable "name" {
  description = "Prefix of every name in this module, such as nba-news-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "name: 3 to 41 lower-case letters, digits and hyphens, starting with a letter."
  }
}

variable "global_region" {
  description = "Region in which AWS publishes the metrics of global services (CloudFront, WAF for CloudFront)."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = var.global_region == "us-east-1"
    error_message = "global_region: us-east-1 is the only region with CloudFront's metrics in the aws partition."
  }
}

variable "topic_kms_key_arn" {
  description = "Key of the alarm topic. Its policy must let CloudWatch, EventBridge, Budgets and Cost Anomaly Detection use it: with alias/aws/sns the topic looks encrypted and delivers no alarm."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.topic_kms_key_arn))
    error_message = "topic_kms_key_arn: the ARN of a customer-managed KMS key, not an alias."
  }
}

variable "global_topic_kms_key_arn" {
  description = "Key of the alarm topic in global_region; same demands, and it must be a key of that region."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:us-east-1:", var.global_topic_kms_key_arn))
    error_message = "global_topic_kms_key_arn: the ARN of a KMS key in us-east-1; SNS can't use a key of another region."
  }
}

variable "logs_kms_key_arn" {
  description = "Key of log groups, traces and canary artifacts."
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

variable "alarm_emails" {
  description = "Who is told of every alarm, by e-mail. Each address has to confirm once."
  type        = set(string)

  validation {
    condition     = length(var.alarm_emails) >= 1 && alltrue([for address in var.alarm_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "alarm_emails: at least one e-mail address; an alarm that nobody reads tells nobody."
  }
}

variable "pager_endpoint" {
  description = "HTTPS address of the paging service's CloudWatch integration; it holds an integration key, so set it as TF_VAR_pager_endpoint. Null for none."
  type        = string
  default     = null
  sensitive   = true

  validation {
    condition     = var.pager_endpoint == null || can(regex("^https://", var.pager_endpoint))
    error_message = "pager_endpoint: an https:// address, or null."
  }
}

variable "slack" {
  description = "Slack workspace and channel that alarms are shown in; the workspace has to be authorised in the Amazon Q Developer console first. Null for none."
  type        = object({ workspace_id = string, channel_id = string })
  default     = null

  validation {
    condition     = var.slack == null ? true : can(regex("^T[A-Z0-9]+$", var.slack.workspace_id)) && can(regex("^[CG][A-Z0-9]+$", var.slack.channel_id))
    error_message = "slack: workspace_id starts with T, channel_id with C or G; copy both from the channel's link."
  }
}

variable "slo" {
  description = "Service level objectives that alarm thresholds follow: p95 response time in seconds (the unit of TargetResponseTime), share of failed requests and of failed DAG runs in percent."
  type = object({
    latency_p95_seconds = number
    error_rate_percent  = number
    dag_failure_percent = number
  })
  default = {
    latency_p95_seconds = 0.2
    error_rate_percent  = 0.1
    dag_failure_percent = 1
  }

  validation {
    condition     = var.slo.latency_p95_seconds > 0 && var.slo.latency_p95_seconds <= 10
    error_message = "slo.latency_p95_seconds: more than 0, at most 10. It is in seconds: 200 ms is 0.2."
  }

  validation {
    condition     = var.slo.error_rate_percent > 0 && var.slo.error_rate_percent <= 5
    error_message = "slo.error_rate_percent: more than 0, at most 5. It is in percent: 0.1 is one in a thousand."
  }

  validation {
    condition     = var.slo.dag_failure_percent > 0 && var.slo.dag_failure_percent <= 10
    error_message = "slo.dag_failure_percent: more than 0, at most 10."
  }
}

variable "site_url" {
  description = "Address that the canary visits, without a slash at the end."
  type        = string

  validation {
    condition     = can(regex("^https://[^/]+$", var.site_url))
    error_message = "site_url: https://host, without path or slash at the end."
  }
}

variable "api_health_path" {
  description = "Path of the API's health check, as the public calls it."
  type        = string
  default     = "/api/health"

  validation {
    condition     = startswith(var.api_health_path, "/")
    error_message = "api_health_path: starts with a slash."
  }
}

variable "canary_runtime" {
  description = "CloudWatch Synthetics runtime. AWS retires them: see the runtime support policy."
  type        = string
  default     = "syn-nodejs-puppeteer-15.0"

  validation {
    condition     = can(regex("^syn-nodejs-puppeteer-(1[3-9]|[2-9][0-9])\\.[0-9]+$", var.canary_runtime))
    error_message = "canary_runtime: syn-nodejs-puppeteer-13.0 or newer; older ones can't be used for a new canary, or will not be soon."
  }
}

variable "canary_retention_days" {
  description = "Days that canary artifacts (screenshots, HAR files) are kept."
  type        = number
  default     = 31

  validation {
    condition     = var.canary_retention_days >= 7 && var.canary_retention_days <= 455
    error_message = "canary_retention_days: 7 to 455."
  }
}

variable "trace_sampling_rate" {
  description = "Share of requests that are traced, beyond one a second."
  type        = number
  default     = 0.05

  validation {
    condition     = var.trace_sampling_rate > 0 && var.trace_sampling_rate <= 1
    error_message = "trace_sampling_rate: more than 0, at most 1."
  }
}
