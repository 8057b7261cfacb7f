variable "site_aliases" {
  description = "Further host names of the site, inside the domain."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for alias in var.site_aliases : endswith(alias, ".${var.domain_name}")])
    error_message = "site_aliases: every name ends in .domain_name."
  }
}

variable "price_class" {
  description = "CloudFront edge locations; PriceClass_200 includes Japan."
  type        = string

  validation {
    condition     = contains(["PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class: PriceClass_200 or PriceClass_All; PriceClass_100 has no edge location in Japan."
  }
}

variable "rate_limit" {
  description = "Requests that one address may make in five minutes before it is blocked."
  type        = number

  validation {
    condition     = var.rate_limit >= 100 && var.rate_limit <= 20000
    error_message = "rate_limit: 100 to 20000."
  }
}

variable "api_rate_limit" {
  description = "Requests to the API that one address may make in five minutes before it is blocked."
  type        = number

  validation {
    condition     = var.api_rate_limit >= 10 && var.api_rate_limit <= var.rate_limit
    error_message = "api_rate_limit: at least 10 and no more than rate_limit."
  }
}

variable "security_contact_email" {
  description = "Where reports about certificates and forged mail go."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.security_contact_email))
    error_message = "security_contact_email: an e-mail address."
  }
}
