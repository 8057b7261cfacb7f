# DEP-5. Two certificates for the same names: CloudFront only takes one from us-east-1, the load balancer only one from
# its own region. ACM renews both by itself for as long as the validation records stay.

resource "aws_acm_certificate" "site" {
  region = var.global_region

  domain_name               = var.domain_name
  subject_alternative_names = var.aliases
  validation_method         = "DNS"
  key_algorithm             = "EC_prime256v1"

  lifecycle {
    create_before_destroy = true
  }
}

# CloudFront passes the viewer's Host on, so the load balancer answers for the site's own names.
resource "aws_acm_certificate" "load_balancer" {
  domain_name               = var.domain_name
  subject_alternative_names = var.aliases
  validation_method         = "DNS"
  key_algorithm             = "EC_prime256v1"

  lifecycle {
    create_before_destroy = true
  }
}

locals {
  validation_options = { for option in aws_acm_certificate.site.domain_validation_options : option.domain_name => option }
}

# ACM asks for the same record for both certificates, because account and names are the same.
resource "aws_route53_record" "validation" {
  for_each = local.hosts

  zone_id         = aws_route53_zone.site.zone_id
  name            = local.validation_options[each.value].resource_record_name
  type            = local.validation_options[each.value].resource_record_type
  records         = [local.validation_options[each.value].resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "site" {
  region = var.global_region

  certificate_arn         = aws_acm_certificate.site.arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}

resource "aws_acm_certificate_validation" "load_balancer" {
  certificate_arn         = aws_acm_certificate.load_balancer.arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}
