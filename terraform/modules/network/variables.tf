variable "name" {
  description = "Prefix of every name in this module, such as nba-news-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,24}[a-z0-9]$", var.name))
    error_message = "name: 3 to 26 lower-case letters, digits and hyphens."
  }
}

variable "cidr" {
  description = "Addresses of the network, a /16."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && endswith(var.cidr, "/16")
    error_message = "cidr: a /16, such as 10.20.0.0/16."
  }
}

variable "availability_zones" {
  description = "Zones with a public, a private and a database subnet each."
  type        = list(string)

  validation {
    condition     = length(var.availability_zones) >= 2 && length(var.availability_zones) <= 4
    error_message = "availability_zones: 2 to 4; the address plan has room for no more."
  }
}

variable "interface_endpoints" {
  description = "AWS services that are reached without leaving the network: last part of the endpoint's name -> the service in IAM. What tasks call must be among them; they have no other way out."
  type        = map(string)
  default = {
    "codedeploy"     = "codedeploy" # what tries a release reports to it
    "ecr.api"        = "ecr"
    "ecr.dkr"        = "ecr"
    "guardduty-data" = "guardduty" # the sensor in every task; without this endpoint GuardDuty makes its own
    "kms"            = "kms"
    "logs"           = "logs"
    "monitoring"     = "cloudwatch"
    "secretsmanager" = "secretsmanager"
    "sns"            = "sns"
    "sqs"            = "sqs"
    "sts"            = "sts"
    "xray"           = "xray"
  }

  validation {
    condition     = length(setsubtract(["ecr.api", "ecr.dkr", "logs", "secretsmanager"], keys(var.interface_endpoints))) == 0
    error_message = "interface_endpoints: ecr.api, ecr.dkr, logs and secretsmanager are needed to start a task at all."
  }

  validation {
    condition     = alltrue([for service in values(var.interface_endpoints) : can(regex("^[a-z0-9-]+$", service))])
    error_message = "interface_endpoints: the prefix of a service's actions, such as cloudwatch, without wildcards."
  }
}

variable "ports" {
  description = "Ports on which the components listen."
  type = object({
    api      = number
    frontend = number
    database = number
    test     = number
  })

  validation {
    condition     = alltrue([for port in values(var.ports) : port >= 1024 && port <= 65535])
    error_message = "ports: 1024 to 65535; containers don't run as root, who alone may listen below."
  }
}

variable "logs_kms_key_arn" {
  description = "Key of the flow logs; its policy must let CloudWatch Logs use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn: the ARN of a KMS key."
  }
}

variable "log_retention_days" {
  description = "Days that flow logs are kept."
  type        = number

  validation {
    condition     = contains([90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days: a retention that CloudWatch Logs offers, at least 90, such as 365."
  }
}
