output "environment_name" {
  description = "Name of the Airflow environment."
  value       = aws_mwaa_environment.this.name
}

output "environment_arn" {
  description = "ARN of the Airflow environment."
  value       = aws_mwaa_environment.this.arn
}

output "webserver_url" {
  description = "Host of Airflow's user interface and REST API, reachable from the VPC only."
  value       = aws_mwaa_environment.this.webserver_url
}

output "execution_role_arn" {
  description = "ARN of the role that DAGs run with."
  value       = aws_iam_role.execution.arn
}

output "dags_bucket_arn" {
  description = "ARN of the bucket with DAG files, requirements and plugins."
  value       = module.dags.arn
}

output "dags_bucket_name" {
  description = "Name of the bucket with DAG files, requirements and plugins."
  value       = module.dags.name
}

output "data_bucket_arn" {
  description = "ARN of the bucket with scraped files."
  value       = module.data.arn
}

output "data_bucket_name" {
  description = "Name of the bucket with scraped files."
  value       = module.data.name
}

output "dead_letter_queue_arn" {
  description = "ARN of the queue with what failed for good."
  value       = aws_sqs_queue.dead_letters.arn
}

output "dead_letter_queue_name" {
  description = "Name of the queue with what failed for good."
  value       = aws_sqs_queue.dead_letters.name
}

output "failure_topic_arn" {
  description = "ARN of the topic that DAG failures are told to."
  value       = aws_sns_topic.failures.arn
}

output "log_group_names" {
  description = "Airflow's five log groups, by component."
  value       = { for component, group in aws_cloudwatch_log_group.airflow : component => group.name }
}
