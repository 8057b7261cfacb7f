variable "name" {
  description = "Name of the cluster, and prefix of every other name in this module."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}[a-z0-9]$", var.name))
    error_message = "name: 3 to 22 lower-case letters, digits and hyphens; a colour and a component follow, and target group names end at 32."
  }
}

variable "domain_name" {
  description = "Domain of the site; inside the network its name leads straight to the load balancer."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name: a host name in lower case, without a dot at the end."
  }
}

variable "vpc_id" {
  description = "Network of the services."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets of the load balancer, the tasks and the verifier."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids: at least two, in different zones; a load balancer takes no less."
  }
}

variable "security_group_ids" {
  description = "Security groups, by component: alb, api, frontend, verifier."
  type        = map(string)

  validation {
    condition     = length(setsubtract(["alb", "api", "frontend", "verifier"], keys(var.security_group_ids))) == 0
    error_message = "security_group_ids: one for each of alb, api, frontend and verifier."
  }
}

variable "certificate_arn" {
  description = "Certificate of the load balancer, for domain_name, in this region."
  type        = string
}

variable "ssl_policy" {
  description = "TLS that the load balancer speaks."
  type        = string
  default     = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"

  validation {
    condition     = can(regex("^ELBSecurityPolicy-TLS13-1-[23]-", var.ssl_policy))
    error_message = "ssl_policy: one that speaks TLS 1.2 and 1.3 only (ELBSecurityPolicy-TLS13-1-2-… or -1-3-…)."
  }
}

variable "test_port" {
  description = "Port of the load balancer on which a new version is tried before it gets traffic."
  type        = number

  validation {
    condition     = var.test_port >= 1024 && var.test_port <= 65535
    error_message = "test_port: 1024 to 65535."
  }
}

variable "image_digests" {
  description = "Digests of the images, by component (api, frontend, collector)."
  type        = map(string)

  validation {
    condition     = alltrue([for digest in values(var.image_digests) : can(regex("^sha256:[0-9a-f]{64}$", digest))])
    error_message = "image_digests: sha256:, then 64 hexadecimal digits."
  }
}

variable "kms_key_arn" {
  description = "Key of images and of the tasks' scratch disks; its policy must let Fargate use it for this cluster."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.kms_key_arn))
    error_message = "kms_key_arn: the ARN of a KMS key."
  }
}

variable "logs_kms_key_arn" {
  description = "Key of the log groups and of ECS Exec sessions; its policy must let CloudWatch Logs use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn: the ARN of a KMS key."
  }
}

variable "access_log_bucket" {
  description = "Name of the bucket that takes S3 server access logs."
  type        = string
}

variable "log_retention_days" {
  description = "Days that logs of tasks and of the load balancer are kept."
  type        = number

  validation {
    condition     = var.log_retention_days >= 90
    error_message = "log_retention_days: at least 90."
  }
}

variable "codedeploy_role_arn" {
  description = "Role with which CodeDeploy shifts traffic."
  type        = string
}

variable "rollback_alarm_names" {
  description = "Alarms that stop a deployment and roll it back."
  type        = set(string)

  validation {
    condition     = length(var.rollback_alarm_names) >= 1
    error_message = "rollback_alarm_names: at least one; a health check sees a dead task, and nothing of a wrong answer."
  }
}
