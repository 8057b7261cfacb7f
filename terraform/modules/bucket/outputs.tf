output "arn" {
  description = "ARN of the bucket, known before it exists."
  value       = local.arn

  # The text is known early; whoever uses it still waits for the bucket.
  depends_on = [aws_s3_bucket.this]
}

output "name" {
  description = "Name of the bucket, for those who write to it."
  value       = var.name

  # S3 refuses to deliver access logs to a bucket whose policy does not let it in yet.
  depends_on = [aws_s3_bucket_policy.this]
}

output "regional_domain_name" {
  description = "Host name of the bucket in its region, for CloudFront's origin."
  value       = aws_s3_bucket.this.bucket_regional_domain_name
}
