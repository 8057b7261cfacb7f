variable "shop" {
  type    = string
  default = "shop"
}

variable "keep" {
  type = object({
    backups  = number
    messages = optional(number, 345600)
  })
}

variable "open_ports" {
  type    = list(number)
  default = [80, 443]
}

variable "password" {
  type      = string
  sensitive = true
  default   = "correct horse battery staple"
}
