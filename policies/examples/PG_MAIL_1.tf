resource "aws_ses_domain_identity" "signed" {
  domain = "signed.example"
}

resource "aws_ses_domain_dkim" "signed" {
  domain = aws_ses_domain_identity.signed.domain
}

resource "aws_ses_domain_identity" "signed_by_name" {
  domain = "signed-by-name.example"
}

resource "aws_ses_domain_dkim" "signed_by_name" {
  domain = "signed-by-name.example"
}

resource "aws_ses_domain_identity" "unsigned" { # violates PG_MAIL_1
  domain = "unsigned.example"
}
