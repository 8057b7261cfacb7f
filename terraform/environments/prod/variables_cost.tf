variable "monthly_limit_usd" {
  description = "What the account may cost in a month, in US dollars."
  type        = number

  validation {
    condition     = var.monthly_limit_usd > 0
    error_message = "monthly_limit_usd: more than 0."
  }
}

variable "cost_emails" {
  description = "Who is told of budgets and unusual cost."
  type        = set(string)

  validation {
    condition     = length(var.cost_emails) >= 1 && length(var.cost_emails) <= 10
    error_message = "cost_emails: 1 to 10 addresses."
  }
}
