variable "name" {
  description = "Name of the cluster, and prefix of every other name in this module."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,48}[a-z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "name: 3 to 50 lower-case letters, digits and single hyphens."
  }
}

variable "engine_version" {
  description = "Version of Aurora PostgreSQL, with its minor part."
  type        = string

  validation {
    condition     = can(regex("^1[5-9]\\.[0-9]+$", var.engine_version))
    error_message = "engine_version: 15.x or newer, with the minor version, such as 17.5."
  }
}

variable "capacity" {
  description = "Least and greatest capacity, in ACU."
  type        = object({ min = number, max = number })

  validation {
    condition     = var.capacity.min >= 0.5 && var.capacity.min <= var.capacity.max && var.capacity.max <= 256
    error_message = "capacity: 0.5 <= min <= max <= 256."
  }
}

variable "instances" {
  description = "Instances of the cluster, writer and readers."
  type        = number

  validation {
    condition     = var.instances >= 2 && var.instances <= 15 && floor(var.instances) == var.instances
    error_message = "instances: 2 to 15; with one there is nothing to fail over to."
  }
}

variable "database_name" {
  description = "Name of the database in the cluster."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.database_name))
    error_message = "database_name: a letter, then lower-case letters, digits and underscores."
  }
}

variable "port" {
  description = "Port on which the cluster listens."
  type        = number

  validation {
    condition     = var.port >= 1150 && var.port <= 65535
    error_message = "port: 1150 to 65535, what Aurora offers."
  }
}

variable "backup_retention_days" {
  description = "Days to any second of which the cluster can be restored."
  type        = number

  validation {
    condition     = var.backup_retention_days >= 30 && var.backup_retention_days <= 35
    error_message = "backup_retention_days: 30 (what is agreed) to 35 (the most that Aurora offers)."
  }
}

variable "maintenance_window" {
  description = "When AWS may maintain the cluster, in UTC, outside the hours of the DAGs."
  type        = string

  validation {
    condition     = can(regex("^(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]$", var.maintenance_window))
    error_message = "maintenance_window: ddd:hh:mm-ddd:hh:mm in UTC, such as tue:19:30-tue:20:30."
  }
}

variable "subnet_ids" {
  description = "Subnets without a way out, in several zones."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids: at least two, in different zones."
  }
}

variable "availability_zones" {
  description = "Zones that the instances are spread over, in turn."
  type        = list(string)

  validation {
    condition     = length(var.availability_zones) >= 2
    error_message = "availability_zones: at least two, or writer and reader fail together."
  }
}

variable "security_group_ids" {
  description = "Security groups of the cluster."
  type        = set(string)
}

variable "kms_key_arn" {
  description = "Key of storage, backups, Performance Insights and the master secret. It can't be changed later without a new cluster."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.kms_key_arn))
    error_message = "kms_key_arn: the ARN of a KMS key."
  }
}

variable "logs_kms_key_arn" {
  description = "Key of the log groups; its policy must let CloudWatch Logs use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn: the ARN of a KMS key."
  }
}

variable "log_retention_days" {
  description = "Days that the database's log is kept."
  type        = number

  validation {
    condition     = var.log_retention_days >= 90
    error_message = "log_retention_days: at least 90."
  }
}

variable "slow_statement_ms" {
  description = "Milliseconds from which a statement is written to the log."
  type        = number
  default     = 500

  validation {
    condition     = var.slow_statement_ms >= 100
    error_message = "slow_statement_ms: at least 100; less fills the log with ordinary statements, and 0 with all of them."
  }
}

variable "master_secret_rotation_days" {
  description = "Days after which RDS changes the master password, which nobody uses in daily work."
  type        = number
  default     = 7

  validation {
    condition     = var.master_secret_rotation_days >= 1 && var.master_secret_rotation_days <= 90
    error_message = "master_secret_rotation_days: 1 to 90."
  }
}
