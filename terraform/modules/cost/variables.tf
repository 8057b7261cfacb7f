variable "name" {
  description = "Prefix of every name in this module, such as nba-news-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "name: 3 to 41 lower-case letters, digits and hyphens, starting with a letter."
  }
}

variable "monthly_limit_usd" {
  description = "What the account may cost in a month, in US dollars."
  type        = number

  validation {
    condition     = var.monthly_limit_usd > 0
    error_message = "monthly_limit_usd: more than 0."
  }
}

variable "actual_thresholds_percent" {
  description = "Shares of the limit at which real cost is reported, in percent."
  type        = set(number)
  default     = [50, 80, 100]

  validation {
    condition     = contains(var.actual_thresholds_percent, 100) && alltrue([for share in var.actual_thresholds_percent : share > 0 && share <= 200])
    error_message = "actual_thresholds_percent: 100 among them, all from 1 to 200."
  }
}

variable "forecast_thresholds_percent" {
  description = "Shares of the limit at which the forecast for the month is reported, in percent."
  type        = set(number)
  default     = [100]

  validation {
    condition     = length(var.forecast_thresholds_percent) >= 1 && alltrue([for share in var.forecast_thresholds_percent : share > 0 && share <= 200])
    error_message = "forecast_thresholds_percent: at least one, all from 1 to 200. Real cost alone is known when it is too late."
  }
}

variable "anomaly_impact_usd" {
  description = "Unusual cost, in US dollars, from which an anomaly is reported."
  type        = number
  default     = 50

  validation {
    condition     = var.anomaly_impact_usd >= 1
    error_message = "anomaly_impact_usd: at least 1."
  }
}

variable "emails" {
  description = "Who is told of budgets and anomalies."
  type        = set(string)

  validation {
    condition     = length(var.emails) >= 1 && length(var.emails) <= 10 && alltrue([for address in var.emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "emails: 1 to 10 e-mail addresses; AWS Budgets takes no more."
  }
}

variable "topic_arn" {
  description = "Topic that is told as well; its policy and its key's must admit budgets.amazonaws.com and costalerts.amazonaws.com."
  type        = string
}

variable "tag_keys" {
  description = "Tags by which cost is broken down. A key can be activated once it has been used, a day later."
  type        = set(string)

  validation {
    condition     = length(var.tag_keys) >= 1
    error_message = "tag_keys: at least one; without it a bill is one number."
  }
}
