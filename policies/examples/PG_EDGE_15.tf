resource "aws_acm_certificate" "validated" {
  region            = "us-east-1"
  domain_name       = "example.com"
  validation_method = "DNS"
}

resource "aws_acm_certificate_validation" "validated" {
  region          = "us-east-1"
  certificate_arn = aws_acm_certificate.validated.arn
}

resource "aws_acm_certificate" "validated_by_mail" { # violates PG_EDGE_15
  region            = "us-east-1"
  domain_name       = "example.org"
  validation_method = "EMAIL"
}

resource "aws_acm_certificate_validation" "validated_by_mail" {
  region          = "us-east-1"
  certificate_arn = aws_acm_certificate.validated_by_mail.arn
}

resource "aws_acm_certificate" "that_nothing_waits_for" { # violates PG_EDGE_15
  region            = "us-east-1"
  domain_name       = "example.net"
  validation_method = "DNS"
}

resource "aws_acm_certificate" "imported" { # violates PG_EDGE_15
  certificate_body = "-----BEGIN CERTIFICATE-----"
  private_key      = "-----BEGIN PRIVATE KEY-----"
}
