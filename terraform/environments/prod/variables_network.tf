variable "vpc_cidr" {
  description = "Addresses of the network."
  type        = string

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && try(tonumber(split("/", var.vpc_cidr)[1]) == 16, false)
    error_message = "vpc_cidr: a /16, such as 10.20.0.0/16; the subnets are cut from it."
  }
}

variable "availability_zones" {
  description = "Zones that the system spans. Stated rather than asked for, so that a new zone of AWS moves nothing."
  type        = list(string)

  validation {
    condition     = length(var.availability_zones) == 3 && length(distinct(var.availability_zones)) == 3
    error_message = "availability_zones: three different ones, so that the loss of one leaves two."
  }

  validation {
    condition     = alltrue([for zone in var.availability_zones : can(regex("^${var.region}[a-z]$", zone))])
    error_message = "availability_zones: zones of region, such as ap-northeast-1a."
  }
}
