# DEP-4. When the zone exists already: `terraform import module.edge.aws_route53_zone.site ZONE_ID` before the first
# apply. After it, give the registrar the name servers and, for DNSSEC, the DS record: both are outputs.
resource "aws_route53_zone" "site" {
  name          = var.domain_name
  comment       = "${var.name}; managed by Terraform"
  force_destroy = false

  lifecycle {
    # A new zone has other name servers: the site is gone until the registrar knows them.
    prevent_destroy = true
  }
}

resource "aws_route53_record" "site" {
  for_each = {
    for pair in setproduct(local.hosts, ["A", "AAAA"]) : "${pair[0]} ${pair[1]}" => { host = pair[0], type = pair[1] }
  }

  zone_id = aws_route53_zone.site.zone_id
  name    = each.value.host
  type    = each.value.type

  alias {
    name                   = aws_cloudfront_distribution.site.domain_name
    zone_id                = aws_cloudfront_distribution.site.hosted_zone_id
    evaluate_target_health = false # CloudFront aliases have no health to evaluate
  }
}

resource "aws_route53_record" "caa" {
  zone_id = aws_route53_zone.site.zone_id
  name    = var.domain_name
  type    = "CAA"
  ttl     = 3600

  records = concat(
    [for authority in sort(var.certificate_authorities) : "0 issue \"${authority}\""],
    ["0 issuewild \";\"", "0 iodef \"mailto:${var.security_contact_email}\""],
  )
}

# The domain sends no mail. Saying so keeps others from sending in its name.
resource "aws_route53_record" "no_mail" {
  for_each = {
    mx    = { name = var.domain_name, type = "MX", record = "0 ." }
    spf   = { name = var.domain_name, type = "TXT", record = "v=spf1 -all" }
    dmarc = { name = "_dmarc.${var.domain_name}", type = "TXT", record = "v=DMARC1; p=reject; rua=mailto:${var.security_contact_email}" }
  }

  zone_id = aws_route53_zone.site.zone_id
  name    = each.value.name
  type    = each.value.type
  ttl     = 3600
  records = [each.value.record]
}

resource "aws_route53_key_signing_key" "site" {
  name                       = replace("${var.name}_ksk", "-", "_")
  hosted_zone_id             = aws_route53_zone.site.zone_id
  key_management_service_arn = aws_kms_key.dnssec.arn
  status                     = "ACTIVE"
}

resource "aws_route53_hosted_zone_dnssec" "site" {
  hosted_zone_id = aws_route53_zone.site.zone_id
  signing_status = "SIGNING"

  depends_on = [aws_route53_key_signing_key.site]
}

# Route 53 writes query logs to us-east-1 only, and to groups under this name.
resource "aws_cloudwatch_log_group" "queries" {
  region = var.global_region

  name              = "/aws/route53/${var.domain_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.global_kms_key_arn
}

data "aws_iam_policy_document" "queries" {
  statement {
    sid       = "Route53Writes"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.queries.arn}:*"]

    principals {
      type        = "Service"
      identifiers = ["route53.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [aws_route53_zone.site.arn]
    }
  }
}

resource "aws_cloudwatch_log_resource_policy" "queries" {
  region = var.global_region

  policy_name     = "${var.name}-dns-queries"
  policy_document = data.aws_iam_policy_document.queries.json
}

resource "aws_route53_query_log" "site" {
  zone_id                  = aws_route53_zone.site.zone_id
  cloudwatch_log_group_arn = aws_cloudwatch_log_group.queries.arn

  depends_on = [aws_cloudwatch_log_resource_policy.queries]
}
