variable "evidence_lock_days" {
  description = "Days for which nobody can delete an archived run."
  type        = number

  validation {
    condition     = var.evidence_lock_days >= 365
    error_message = "evidence_lock_days: at least 365; an auditor asks for last year's runs."
  }
}
