variable "name" {
  description = "Prefix of every name in this module, such as nba-news-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,24}[a-z0-9]$", var.name))
    error_message = "name: 3 to 26 lower-case letters, digits and hyphens."
  }
}

variable "global_region" {
  description = "Region in which AWS keeps what belongs to CloudFront."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = var.global_region == "us-east-1"
    error_message = "global_region: us-east-1 is the only one for CloudFront and its web ACL."
  }
}

variable "backup_copy_region" {
  description = "Region that keeps a second copy of backups, under a key of its own."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}-[a-z]+-[1-9]$", var.backup_copy_region))
    error_message = "backup_copy_region: a region of AWS, such as ap-northeast-3."
  }
}

variable "cluster_name" {
  description = "ECS cluster whose tasks keep their scratch disks under the data key."
  type        = string
}

variable "deletion_window_days" {
  description = "Days between the order to delete a key and its deletion."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window_days >= 14 && var.deletion_window_days <= 30
    error_message = "deletion_window_days: 14 to 30; a deleted key takes everything under it along, backups too."
  }
}
