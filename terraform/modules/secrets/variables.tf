variable "name" {
  description = "Prefix of every name in this module, such as nba-news-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,24}[a-z0-9]$", var.name))
    error_message = "name: 3 to 26 lower-case letters, digits and hyphens."
  }
}

variable "reader_arns" {
  description = "Roles that may read the session keys, by component: the execution roles of tasks that are given them."
  type        = map(string)

  validation {
    condition     = length(var.reader_arns) >= 1
    error_message = "reader_arns: at least one; nobody else can read the secret."
  }
}

variable "kms_key_arn" {
  description = "Key of the secrets."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.kms_key_arn))
    error_message = "kms_key_arn: the ARN of a KMS key."
  }
}

variable "logs_kms_key_arn" {
  description = "Key of the rotation function's log; its policy must let CloudWatch Logs use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn: the ARN of a KMS key."
  }
}

variable "log_retention_days" {
  description = "Days that the rotation function's log is kept."
  type        = number

  validation {
    condition     = var.log_retention_days >= 90
    error_message = "log_retention_days: at least 90."
  }
}

variable "subnet_ids" {
  description = "Private subnets of the rotation function."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids: at least two, in different zones."
  }
}

variable "security_group_ids" {
  description = "Security groups of the rotation function, which let it reach Secrets Manager and nothing else."
  type        = set(string)
}

variable "rotation_days" {
  description = "Days after which session keys move up. A task that runs longer than that refuses sessions of newer tasks."
  type        = number
  default     = 60

  validation {
    condition     = var.rotation_days >= 7 && var.rotation_days <= 90
    error_message = "rotation_days: 7 to 90."
  }
}
