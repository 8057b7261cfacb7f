variable "system" {
  description = "Name of the system, the first half of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}[a-z0-9]$", var.system))
    error_message = "system: 3 to 16 lower-case letters, digits and hyphens; load balancer names end at 32 characters."
  }
}

variable "environment" {
  description = "Name of the environment, the second half of every name."
  type        = string

  validation {
    condition     = var.environment == "prod"
    error_message = "environment: this root is production; another environment has a root of its own, beside this one."
  }
}

variable "owner" {
  description = "Team that answers for the system, as a tag on every resource."
  type        = string

  validation {
    condition     = length(trimspace(var.owner)) >= 2
    error_message = "owner: the name of a team."
  }
}

variable "account_id" {
  description = "AWS account of production."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id: 12 digits, in quotes (a number would lose its leading zeros)."
  }
}

variable "region" {
  description = "Region of the system."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}-[a-z]+-[1-9]$", var.region))
    error_message = "region: a region of AWS, such as ap-northeast-1."
  }
}

variable "backup_copy_region" {
  description = "Region that keeps a second copy of backups."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}-[a-z]+-[1-9]$", var.backup_copy_region)) && var.backup_copy_region != var.region
    error_message = "backup_copy_region: a region of AWS other than region, or one disaster takes both copies."
  }
}

variable "domain_name" {
  description = "Domain of the site, which is also the name of its hosted zone."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name: a host name in lower case, without a dot at the end."
  }
}

variable "github_repository" {
  description = "Repository whose workflows may take the deploy roles, as OWNER/NAME."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository: OWNER/NAME, without wildcards: whatever matches may deploy to production."
  }
}
