output "arn" {
  description = "ARN of the bucket, known before it exists."
  value       = local.arn

  # The text is known early; whoever uses it still waits for the bucket.
  depends_on = [aws_s3_bucket.this]
}

output "name" {
  description = "Name of the bucket."
  value       = var.name

  depends_on = [aws_s3_bucket.this]
}

output "regional_domain_name" {
  description = "Host name of the bucket in its region, for CloudFront's origin."
  value       = aws_s3_bucket.this.bucket_regional_domain_name
}
