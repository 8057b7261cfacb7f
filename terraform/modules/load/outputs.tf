output "task_definition_arns" {
  description = "ARNs of the task definitions: master, worker."
  value       = { for member, task in aws_ecs_task_definition.this : member => task.arn }
}

output "workers" {
  description = "How many workers the master waits for."
  value       = var.workers
}

output "security_group_id" {
  description = "Security group to start the tasks in."
  value       = aws_security_group.this.id
}

output "master_service_id" {
  description = "Id of the Cloud Map service that the master's address is registered with."
  value       = aws_service_discovery_service.master.id
}

output "repository_url" {
  description = "Address of the image repository."
  value       = aws_ecr_repository.this.repository_url
}

output "results_bucket_name" {
  description = "Name of the bucket that takes the records."
  value       = module.results.name
}
