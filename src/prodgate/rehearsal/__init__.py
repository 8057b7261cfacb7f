"""The embedded rehearsal: an AWS account that holds exactly what Terraform declares."""
