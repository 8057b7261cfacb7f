variable "name" {
  description = "Prefix of every name in this module, such as nba-news-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "name: 3 to 41 lower-case letters, digits and hyphens, starting with a letter."
  }
}

variable "access_log_bucket" {
  description = "Name of the bucket that takes S3 server access logs."
  type        = string
}

variable "alarm_topic_arn" {
  description = "Topic for alarms on what CloudTrail records."
  type        = string
}

variable "recorded_buckets" {
  description = "ARNs of the buckets whose object reads and writes CloudTrail records, by purpose."
  type        = map(string)
  default     = {}
}

variable "trail_retention_days" {
  description = "Days that CloudTrail's files are kept and locked."
  type        = number
  default     = 400

  validation {
    condition     = var.trail_retention_days >= 365
    error_message = "trail_retention_days: at least 365 (CIS, PCI DSS and most auditors)."
  }
}

variable "config_retention_days" {
  description = "Days that AWS Config remembers how a resource was."
  type        = number
  default     = 400

  validation {
    condition     = var.config_retention_days >= 30 && var.config_retention_days <= 2557
    error_message = "config_retention_days: 30 to 2557."
  }
}

variable "unused_access_days" {
  description = "Days without use after which Access Analyzer reports a role, key or permission."
  type        = number
  default     = 90

  validation {
    condition     = var.unused_access_days >= 1 && var.unused_access_days <= 365
    error_message = "unused_access_days: 1 to 365."
  }
}

variable "backup_retention_days" {
  description = "Days that backups are kept, which a Config rule compares with what is there."
  type        = number
  default     = 30

  validation {
    condition     = var.backup_retention_days >= 30 && var.backup_retention_days <= 35
    error_message = "backup_retention_days: 30 to 35; Aurora keeps automated backups for 35 days at most."
  }
}

variable "inspected_resource_types" {
  description = "What Inspector scans: images in ECR and code in Lambda (the canary)."
  type        = set(string)
  default     = ["ECR", "LAMBDA"]

  validation {
    condition     = contains(var.inspected_resource_types, "ECR") && length(setsubtract(var.inspected_resource_types, ["EC2", "ECR", "LAMBDA", "LAMBDA_CODE"])) == 0
    error_message = "inspected_resource_types: ECR among them, the others from EC2, LAMBDA, LAMBDA_CODE."
  }
}

variable "deploy_role_name" {
  description = "Role that changes the account through the reviewed pipeline; its changes to IAM, buckets and network raise no alarm. Everybody else's do."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.deploy_role_name))
    error_message = "deploy_role_name: the name of an IAM role, not its ARN."
  }
}
