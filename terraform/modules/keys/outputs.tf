output "data_key_arn" {
  description = "ARN of the key of the database, secrets, images and scratch disks."
  value       = aws_kms_key.this["data"].arn
}

output "logs_key_arn" {
  description = "ARN of the key of log groups, traces, canary artifacts and archived runs."
  value       = aws_kms_key.this["logs"].arn
}

output "messages_key_arn" {
  description = "ARN of the key of topics and queues."
  value       = aws_kms_key.this["messages"].arn
}

output "pipeline_key_arn" {
  description = "ARN of the key of Airflow, its buckets and its logs."
  value       = aws_kms_key.this["pipeline"].arn
}

output "backup_key_arn" {
  description = "ARN of the key of recovery points."
  value       = aws_kms_key.this["backup"].arn
}

output "backup_copy_key_arn" {
  description = "ARN of the key of the second copy of recovery points, in its region."
  value       = aws_kms_key.this["backup_copy"].arn
}

output "edge_key_arn" {
  description = "ARN of the key in CloudFront's region."
  value       = aws_kms_key.this["edge"].arn
}
