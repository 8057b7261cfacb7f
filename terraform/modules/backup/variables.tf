variable "name" {
  description = "Prefix of every name in this module, such as nba-news-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,24}[a-z0-9]$", var.name))
    error_message = "name: 3 to 26 lower-case letters, digits and hyphens."
  }
}

variable "kms_key_arn" {
  description = "Key of the recovery points."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.kms_key_arn))
    error_message = "kms_key_arn: the ARN of a KMS key."
  }
}

variable "copy_region" {
  description = "Region of the second copy."
  type        = string
}

variable "copy_kms_key_arn" {
  description = "Key of the second copy, in copy_region."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.copy_kms_key_arn))
    error_message = "copy_kms_key_arn: the ARN of a KMS key."
  }
}

variable "cluster_arn" {
  description = "The Aurora cluster."
  type        = string
}

variable "bucket_arns" {
  description = "Buckets that are backed up, by purpose; each must be versioned."
  type        = map(string)
}

variable "storage_kms_key_arns" {
  description = "Keys of the cluster and of the buckets, by purpose: backups read what they encrypt, restores write it."
  type        = map(string)
}

variable "continuous_days" {
  description = "Days to any second of which data can be restored; the cluster's own retention must be the same."
  type        = number

  validation {
    condition     = var.continuous_days >= 1 && var.continuous_days <= 35
    error_message = "continuous_days: 1 to 35, what AWS Backup offers for continuous backup."
  }
}

variable "daily_days" {
  description = "Days that daily recovery points and their second copies are kept."
  type        = number

  validation {
    condition     = var.daily_days >= 30
    error_message = "daily_days: at least 30."
  }
}

variable "monthly_days" {
  description = "Days that monthly recovery points and their second copies are kept."
  type        = number

  validation {
    condition     = var.monthly_days > var.daily_days
    error_message = "monthly_days: more than daily_days, or the monthly ones add nothing."
  }
}

variable "lock_days" {
  description = "Days for which nobody may delete a recovery point."
  type        = number
  default     = 14

  validation {
    condition     = var.lock_days >= 7 && var.lock_days <= var.continuous_days
    error_message = "lock_days: at least 7, and no more than continuous_days: a vault refuses backups that would live shorter."
  }
}

variable "lock_after_days" {
  description = "Days after which the lock itself can't be removed any more, not even by AWS. Null leaves it to those who administer backups."
  type        = number
  default     = null

  validation {
    condition     = var.lock_after_days == null ? true : var.lock_after_days >= 3
    error_message = "lock_after_days: at least 3, the time AWS gives to think again; or null."
  }
}

variable "restore_test" {
  description = "Where restore tests put the copy: subnet group and security groups of the cluster."
  type        = object({ subnet_group_name = string, security_group_ids = set(string) })
}
