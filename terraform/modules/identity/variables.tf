variable "name" {
  description = "Prefix of every name in this module, such as nba-news-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,24}[a-z0-9]$", var.name))
    error_message = "name: 3 to 26 lower-case letters, digits and hyphens."
  }
}

variable "github_repository" {
  description = "Repository whose workflows may take the deploy roles and the gate's, as OWNER/NAME."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository: OWNER/NAME, without wildcards: whatever matches may deploy to production."
  }
}

variable "github_environment" {
  description = "GitHub environment of production deploys. Its required reviewers are the approval."
  type        = string
  default     = "production"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+$", var.github_environment))
    error_message = "github_environment: the name of one environment, without wildcards."
  }
}

variable "github_rollback_environment" {
  description = "GitHub environment of jobs that take a deploy back. It has no reviewers: nobody is waited for."
  type        = string
  default     = "production-rollback"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+$", var.github_rollback_environment))
    error_message = "github_rollback_environment: the name of one environment, without wildcards."
  }
}

variable "github_branch" {
  description = "Branch whose workflows deploy DAGs and run the gate."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]*$", var.github_branch))
    error_message = "github_branch: the name of one branch, without wildcards."
  }
}

variable "database" {
  description = "The cluster: its ARN and identifier, and its resource id, which IAM sign-in names."
  type        = object({ arn = string, identifier = string, resource_id = string })
}

variable "database_users" {
  description = "Database users, by who signs in as them with IAM: api, migration, airflow."
  type        = object({ api = string, migration = string, airflow = string })

  validation {
    condition     = length(distinct(values(var.database_users))) == 3 && !contains(values(var.database_users), "*")
    error_message = "database_users: three different users; whoever migrates may drop tables, whoever serves may not."
  }
}

variable "airflow" {
  description = "The Airflow environment: its name, the ARN of its execution role, the ARNs of its buckets of DAGs and of data."
  type = object({
    environment_name   = string
    execution_role_arn = string
    dags_bucket_arn    = string
    data_bucket_arn    = string
  })
}

variable "cluster" {
  description = "The ECS cluster: its ARN and name, its services' ARNs, its task families, by component."
  type        = object({ arn = string, name = string, service_arns = map(string), task_families = map(string) })
}

variable "repository_arns" {
  description = "Image repositories, by component; the collector's is filled from AWS's public gallery."
  type        = map(string)
}

variable "log_group_arns" {
  description = "Log groups of tasks, by component."
  type        = map(string)
}

variable "session_keys_arn" {
  description = "Secret with the session keys, which tasks are given when they start."
  type        = string
}

variable "release" {
  description = "What CodeDeploy works with: its application, deployment groups and configuration by name, listeners, listener rules and the verifier by ARN."
  type = object({
    app_name           = string
    group_names        = map(string)
    config_name        = string
    listener_arns      = map(string)
    listener_rule_arns = list(string)
    verifier_arn       = string
  })
}

variable "site" {
  description = "What a release publishes to: the bucket of static files, its key, and the distribution."
  type        = object({ bucket_arn = string, kms_key_arn = string, distribution_arn = string })
}

variable "evidence" {
  description = "What runs of the gate are archived in: the bucket and its key."
  type        = object({ bucket_arn = string, kms_key_arn = string })
}

variable "kms_key_arns" {
  description = "Keys of data and of the pipeline."
  type        = object({ data = string, pipeline = string })
}
