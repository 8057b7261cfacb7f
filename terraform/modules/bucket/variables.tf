variable "name" {
  description = "Globally unique name of the bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "name: 3 to 63 lower-case letters, digits and hyphens (no dots: they break TLS host names)."
  }
}

variable "sse_algorithm" {
  description = "aws:kms, under kms_key_arn. AES256 (SSE-S3) only for a bucket whose writer can't use KMS, such as S3 server access logging."
  type        = string
  default     = "aws:kms"

  validation {
    condition     = contains(["aws:kms", "AES256"], var.sse_algorithm)
    error_message = "sse_algorithm: aws:kms or AES256."
  }
}

variable "kms_key_arn" {
  description = "Customer-managed key that encrypts the objects; null with AES256."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:", var.kms_key_arn))
    error_message = "kms_key_arn: the ARN of a KMS key, or null."
  }

  validation {
    condition     = (var.kms_key_arn == null) == (var.sse_algorithm == "AES256")
    error_message = "kms_key_arn: needed with aws:kms (without it S3 uses a key of its own), useless with AES256."
  }
}

variable "access_log_bucket" {
  description = "Name of the bucket that takes this bucket's server access logs. Null only for that bucket itself: logging into itself never ends."
  type        = string
  default     = null
}

variable "policy_documents" {
  description = "Further bucket policy statements, as JSON documents: who may read or write besides the account's own roles."
  type        = list(string)
  default     = []
}

variable "expire_after_days" {
  description = "Days after which current objects are deleted. Null keeps them for ever."
  type        = number
  default     = null

  validation {
    condition     = var.expire_after_days == null ? true : var.expire_after_days >= 1
    error_message = "expire_after_days: at least 1, or null to keep objects for ever."
  }
}

variable "infrequent_after_days" {
  description = "Days after which objects move to cheaper, infrequent-access storage. Null never moves them."
  type        = number
  default     = null

  validation {
    condition     = var.infrequent_after_days == null ? true : var.infrequent_after_days >= 30
    error_message = "infrequent_after_days: S3 allows no transition to STANDARD_IA before day 30."
  }
}

variable "keep_noncurrent_days" {
  description = "Days that an overwritten or deleted version can still be brought back."
  type        = number
  default     = 90

  validation {
    condition     = var.keep_noncurrent_days >= 7
    error_message = "keep_noncurrent_days: at least 7, so that a mistake made on a Friday can be undone."
  }
}

variable "lock_days" {
  description = "Days for which no one, the account's administrators included, may delete a version (Object Lock). Null sets no lock. Can only be chosen when the bucket is created."
  type        = number
  default     = null

  validation {
    condition     = var.lock_days == null ? true : var.lock_days >= 1
    error_message = "lock_days: at least 1, or null for no lock."
  }
}

variable "lock_mode" {
  description = "GOVERNANCE lets a role with s3:BypassGovernanceRetention delete early, COMPLIANCE lets nobody."
  type        = string
  default     = "GOVERNANCE"

  validation {
    condition     = contains(["GOVERNANCE", "COMPLIANCE"], var.lock_mode)
    error_message = "lock_mode: GOVERNANCE or COMPLIANCE."
  }
}
