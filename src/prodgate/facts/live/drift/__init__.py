"""What Terraform declared beside what the account has."""
