variable "name" {
  description = "Prefix of every name in this module, such as nba-news-prod. Also the name of the Airflow environment."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "name: 3 to 41 lower-case letters, digits and hyphens, starting with a letter (MWAA, S3 and SQS names are made from it)."
  }
}

variable "private_subnet_ids" {
  description = "Private subnets of the environment: MWAA takes exactly two, in different zones. The first two are used."
  type        = list(string)

  validation {
    condition     = length(var.private_subnet_ids) >= 2
    error_message = "private_subnet_ids: at least two."
  }
}

variable "security_group_ids" {
  description = "Security groups of schedulers, workers and web servers; they must let their own members talk to each other."
  type        = set(string)

  validation {
    condition     = length(var.security_group_ids) >= 1
    error_message = "security_group_ids: at least one."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the environment, its buckets and its log groups."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.kms_key_arn))
    error_message = "kms_key_arn: the ARN of a KMS key."
  }
}

variable "messages_kms_key_arn" {
  description = "Key that encrypts queues and topics; its policy must let CloudWatch and SNS use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.messages_kms_key_arn))
    error_message = "messages_kms_key_arn: the ARN of a KMS key."
  }
}

variable "secrets_kms_key_arn" {
  description = "Key that encrypts the secrets which hold Airflow's connections and variables."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.secrets_kms_key_arn))
    error_message = "secrets_kms_key_arn: the ARN of a KMS key."
  }
}

variable "secrets_prefix" {
  description = "Start of the names of the secrets that DAGs may read: PREFIX/connections/* and PREFIX/variables/*."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9/_+=.@-]*[A-Za-z0-9]$", var.secrets_prefix))
    error_message = "secrets_prefix: a path such as nba-news-prod/airflow, without a slash at either end and without wildcards."
  }
}

variable "access_log_bucket" {
  description = "Name of the bucket that takes S3 server access logs."
  type        = string
}

variable "requirements" {
  description = "Content of requirements.txt: the Python packages that DAGs need, each pinned."
  type        = string

  validation {
    condition = alltrue([
      for line in split("\n", var.requirements) :
      trimspace(line) == "" || can(regex("^(#|--constraint|[A-Za-z0-9._\\[\\],-]+==)", line))
    ])
    error_message = "requirements: every line pins one package (name==version), is a comment, or names the --constraint file; an unpinned package changes on the next restart."
  }
}

variable "plugins_directory" {
  description = "Folder whose files become plugins.zip."
  type        = string
}

variable "log_level" {
  description = "Level of all five Airflow log groups."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level: INFO, WARNING or ERROR (DEBUG writes connection details into logs)."
  }
}

variable "log_retention_days" {
  description = "Days that Airflow's logs are kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days: one of the values that CloudWatch Logs takes, at least 90."
  }
}

variable "data_retention_days" {
  description = "Days that scraped files stay in the data bucket; what matters has been in the database long before."
  type        = number
  default     = 400

  validation {
    condition     = var.data_retention_days >= 90
    error_message = "data_retention_days: at least 90."
  }
}

variable "queue_attempts" {
  description = "Times that an item of the retry queue is tried before it becomes a dead letter."
  type        = number
  default     = 5

  validation {
    condition     = var.queue_attempts >= 2 && var.queue_attempts <= 20
    error_message = "queue_attempts: 2 to 20; with 1, a single lost worker makes a dead letter."
  }
}

variable "failure_emails" {
  description = "Who is told when a DAG fails or an item becomes a dead letter."
  type        = set(string)

  validation {
    condition     = length(var.failure_emails) >= 1 && alltrue([for address in var.failure_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "failure_emails: at least one e-mail address; a topic that nobody reads tells nobody."
  }
}

variable "alarm_topic_arn" {
  description = "Topic of the on-call team; it also hears of dead letters that nobody has taken care of."
  type        = string
}

variable "environment_variables" {
  description = "Plain settings that DAGs read from their environment; exported by the startup script. Never a secret."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.environment_variables : can(regex("^[A-Z][A-Z0-9_]*$", key)) && !can(regex("['\n]", value))])
    error_message = "environment_variables: names in capitals, values without quotes and line breaks."
  }

  validation {
    condition     = !anytrue([for key in keys(var.environment_variables) : can(regex("PASSWORD|SECRET|TOKEN|PRIVATE_KEY", key))])
    error_message = "environment_variables: secrets belong in Secrets Manager under secrets_prefix."
  }
}
