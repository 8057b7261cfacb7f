output "detector_id" {
  description = "Id of the GuardDuty detector."
  value       = aws_guardduty_detector.this.id
}

output "trail_arn" {
  description = "ARN of the trail."
  value       = aws_cloudtrail.this.arn
}

output "trail_bucket_name" {
  description = "Name of the bucket with CloudTrail's files."
  value       = module.trail_bucket.name
}

output "audit_key_arn" {
  description = "ARN of the key of CloudTrail and AWS Config."
  value       = aws_kms_key.audit.arn
}

output "analyzer_arns" {
  description = "ARNs of the access analyzers, by what they look for."
  value = {
    external = aws_accessanalyzer_analyzer.external.arn
    unused   = aws_accessanalyzer_analyzer.unused.arn
  }
}
