variable "name" {
  description = "Prefix of every name in this module, such as nba-news-prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,40}$", var.name))
    error_message = "name: 3 to 41 lower-case letters, digits and hyphens, starting with a letter."
  }
}

variable "domain_name" {
  description = "Domain of the site, which is also the name of its hosted zone."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name: a lower-case domain such as example.com, without scheme or dot at the end."
  }
}

variable "aliases" {
  description = "Further host names of the site, inside the domain."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for alias in var.aliases : endswith(alias, ".${var.domain_name}")])
    error_message = "aliases: every name ends in .domain_name; the zone holds no others."
  }
}

variable "global_region" {
  description = "Region in which AWS keeps what belongs to CloudFront: its certificate, its web ACL, its metrics."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = var.global_region == "us-east-1"
    error_message = "global_region: us-east-1 is the only choice in the aws partition."
  }
}

variable "price_class" {
  description = "Edge locations that serve the site. PriceClass_200 includes Japan; PriceClass_100 does not."
  type        = string
  default     = "PriceClass_200"

  validation {
    condition     = contains(["PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class: PriceClass_200 or PriceClass_All; PriceClass_100 has no edge location in Japan."
  }
}

variable "minimum_tls_version" {
  description = "Oldest TLS that viewers may use, as CloudFront's security policy."
  type        = string
  default     = "TLSv1.2_2021"

  validation {
    condition     = contains(["TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"], var.minimum_tls_version)
    error_message = "minimum_tls_version: TLSv1.2_2021, TLSv1.2_2025 or TLSv1.3_2025; older ones allow ciphers that are no longer safe."
  }
}

variable "load_balancer" {
  description = "The internal load balancer that CloudFront reaches through a VPC origin."
  type        = object({ arn = string, dns_name = string })
}

variable "global_kms_key_arn" {
  description = "Key in global_region that encrypts the logs of WAF and of DNS queries."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:us-east-1:", var.global_kms_key_arn))
    error_message = "global_kms_key_arn: the ARN of a KMS key in us-east-1; log groups can't use a key of another region."
  }
}

variable "access_log_bucket" {
  description = "Name of the bucket that takes S3 server access logs."
  type        = string
}

variable "alarm_topic_arn" {
  description = "Topic for alarms of this region."
  type        = string
}

variable "global_alarm_topic_arn" {
  description = "Topic for alarms of global_region, in that region."
  type        = string
}

variable "log_retention_days" {
  description = "Days that logs of requests, of the web ACL and of DNS queries are kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827], var.log_retention_days)
    error_message = "log_retention_days: one of the values that CloudWatch Logs takes, at least 90: a break-in is found after months."
  }
}

variable "content_security_policy" {
  description = "Content-Security-Policy for pages that send none of their own. Pages that need a nonce send their own."
  type        = string
  default     = "default-src 'self'; img-src 'self' data: https:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; upgrade-insecure-requests"

  validation {
    condition     = can(regex("default-src ", var.content_security_policy)) && !can(regex("(default|script)-src[^;]*('unsafe-eval'|\\*)", var.content_security_policy))
    error_message = "content_security_policy: states default-src, and allows scripts neither from everywhere nor by eval."
  }
}

variable "rate_limit" {
  description = "Requests that one address may make in five minutes; more are blocked until it slows down. A page load is about 40."
  type        = number
  default     = 2000

  validation {
    condition     = var.rate_limit >= 100 && var.rate_limit <= 20000
    error_message = "rate_limit: 100 to 20000 requests in five minutes."
  }
}

variable "api_rate_limit" {
  description = "The same for requests to the API, which cost more than pages from the cache."
  type        = number
  default     = 600

  validation {
    condition     = var.api_rate_limit >= 10 && var.api_rate_limit <= var.rate_limit
    error_message = "api_rate_limit: at least 10 and no more than rate_limit."
  }
}

variable "certificate_authorities" {
  description = "Authorities that may issue certificates for the domain (CAA)."
  type        = set(string)
  default     = ["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"]

  validation {
    condition     = contains(var.certificate_authorities, "amazon.com")
    error_message = "certificate_authorities: must hold amazon.com, or ACM can't renew our own certificates."
  }
}

variable "security_contact_email" {
  description = "Address that authorities report a refused certificate request to, and mail receivers a forged sender."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.security_contact_email))
    error_message = "security_contact_email: an e-mail address."
  }
}
