variable "cluster_name" {
  description = "Name of the ECS cluster."
  type        = string
}

variable "service_names" {
  description = "Names of the ECS services, by component (api, frontend)."
  type        = map(string)

  validation {
    condition     = length(var.service_names) >= 1
    error_message = "service_names: at least one service."
  }
}

variable "min_healthy_tasks" {
  description = "Healthy tasks that a service must have behind the load balancer, blue and green together."
  type        = number
  default     = 2

  validation {
    condition     = var.min_healthy_tasks >= 2
    error_message = "min_healthy_tasks: at least 2; with one, any loss is an outage."
  }
}

variable "load_balancer_arn_suffix" {
  description = "End of the load balancer's ARN, as CloudWatch dimensions want it (app/NAME/ID)."
  type        = string
}

variable "target_group_arn_suffixes" {
  description = "Ends of the target groups' ARNs (targetgroup/NAME/ID), blue and green of each service; keys start with the component's name."
  type        = map(string)

  validation {
    condition     = length(var.target_group_arn_suffixes) >= 2 && length(var.target_group_arn_suffixes) % 2 == 0
    error_message = "target_group_arn_suffixes: a blue and a green group for every service; an alarm on one colour is blind after each deploy."
  }
}

variable "service_log_group_names" {
  description = "Log groups of the services, by component; their errors are counted."
  type        = map(string)
}

variable "database_cluster_identifier" {
  description = "Identifier of the Aurora cluster."
  type        = string
}

variable "database_instance_identifiers" {
  description = "Identifiers of the Aurora instances; each is watched by itself, since averages hide a busy writer."
  type        = list(string)
}

variable "database_max_connections" {
  description = "max_connections of the cluster: 823 for Aurora PostgreSQL Serverless v2 with at most 4 ACU."
  type        = number
  default     = 823

  validation {
    condition     = var.database_max_connections >= 50
    error_message = "database_max_connections: at least 50."
  }
}

variable "distribution_id" {
  description = "Id of the CloudFront distribution."
  type        = string
}

variable "web_acl_metric_name" {
  description = "Metric name of the web ACL, which is its WebACL dimension."
  type        = string
}

variable "waf_blocked_requests_limit" {
  description = "Blocked requests in five minutes that are worth a look: an attack, or a rule that hits users."
  type        = number
  default     = 1000

  validation {
    condition     = var.waf_blocked_requests_limit >= 1
    error_message = "waf_blocked_requests_limit: at least 1."
  }
}

variable "airflow_environment_name" {
  description = "Name of the MWAA environment."
  type        = string
}

variable "dags" {
  description = "DAGs to watch, by id: how long a run may take, how late it may start, and the longest time that may pass without a successful run."
  type = map(object({
    max_duration_minutes      = number
    max_start_delay_seconds   = number
    max_hours_without_success = number
  }))

  validation {
    condition     = length(var.dags) >= 1 && alltrue([for dag in values(var.dags) : dag.max_hours_without_success >= 1 && dag.max_hours_without_success <= 168])
    error_message = "dags: at least one; max_hours_without_success from 1 to 168, the longest that CloudWatch looks back."
  }
}
