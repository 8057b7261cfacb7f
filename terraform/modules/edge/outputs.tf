output "distribution_arn" {
  description = "ARN of the CloudFront distribution."
  value       = aws_cloudfront_distribution.site.arn
}

output "distribution_id" {
  description = "Id of the CloudFront distribution."
  value       = aws_cloudfront_distribution.site.id
}

output "distribution_domain_name" {
  description = "CloudFront's own name of the distribution."
  value       = aws_cloudfront_distribution.site.domain_name
}

output "static_bucket_arn" {
  description = "ARN of the bucket with static files."
  value       = module.static.arn
}

output "static_bucket_name" {
  description = "Name of the bucket with static files."
  value       = module.static.name
}

output "content_key_arn" {
  description = "ARN of the key that encrypts static files; whoever uploads them needs it."
  value       = aws_kms_key.content.arn
}

output "web_acl_arn" {
  description = "ARN of the web ACL."
  value       = aws_wafv2_web_acl.site.arn
}

output "web_acl_metric_name" {
  description = "The web ACL's dimension in CloudWatch."
  value       = aws_wafv2_web_acl.site.visibility_config[0].metric_name
}

output "alb_certificate_arn" {
  description = "ARN of the load balancer's certificate, once it has been issued."
  value       = aws_acm_certificate_validation.load_balancer.certificate_arn
}

output "zone_id" {
  description = "Id of the hosted zone."
  value       = aws_route53_zone.site.zone_id
}

output "name_servers" {
  description = "Name servers that the registrar has to know."
  value       = aws_route53_zone.site.name_servers
}

output "dnssec_ds_record" {
  description = "DS record that the registrar has to know before resolvers validate the zone."
  value       = aws_route53_key_signing_key.site.ds_record
}

output "site_url" {
  description = "Address of the site."
  value       = "https://${var.domain_name}"
}
