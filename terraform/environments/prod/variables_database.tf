variable "database_capacity" {
  description = "Least and greatest capacity of Aurora Serverless v2, in ACU (1 ACU: about 2 GiB of memory)."
  type        = object({ min = number, max = number })

  validation {
    condition     = var.database_capacity.min >= 1 && var.database_capacity.min <= var.database_capacity.max && var.database_capacity.max <= 256
    error_message = "database_capacity: 1 <= min <= max <= 256. Below 1 ACU, Performance Insights and connections suffer."
  }
}

variable "database_instances" {
  description = "Instances of the cluster: a writer, and readers to fail over to."
  type        = number

  validation {
    condition     = var.database_instances >= 2 && var.database_instances <= 15
    error_message = "database_instances: 2 to 15; with one there is nothing to fail over to."
  }
}

variable "database_engine_version" {
  description = "Version of Aurora PostgreSQL, with its minor part: upgrades are planned, not met."
  type        = string

  validation {
    condition     = can(regex("^1[5-9]\\.[0-9]+$", var.database_engine_version))
    error_message = "database_engine_version: 15.x or newer, with the minor version, such as 17.5."
  }
}

variable "backup_retention_days" {
  description = "Days to any second of which the database can be restored; also how long daily backups are kept."
  type        = number

  validation {
    condition     = var.backup_retention_days >= 30 && var.backup_retention_days <= 35
    error_message = "backup_retention_days: 30 (what is agreed) to 35 (the most that Aurora offers)."
  }
}

variable "archive_retention_days" {
  description = "Days that monthly backups are kept."
  type        = number

  validation {
    condition     = var.archive_retention_days >= 90 && var.archive_retention_days > var.backup_retention_days
    error_message = "archive_retention_days: at least 90, and more than backup_retention_days."
  }
}
