output "task_role_arns" {
  description = "ARNs of what the code of a task may do, by component (api, frontend, migration)."
  value       = { for component, role in aws_iam_role.task : component => role.arn }
}

output "execution_role_arns" {
  description = "ARNs of what starts a task, by component."
  value       = { for component, role in aws_iam_role.execution : component => role.arn }
}

output "codedeploy_role_arn" {
  description = "ARN of the role with which CodeDeploy shifts traffic."
  value       = aws_iam_role.codedeploy.arn
}

output "deploy_role_arn" {
  description = "ARN of the role that the release workflow takes, after approval."
  value       = aws_iam_role.deploy.arn
}

output "rollback_role_arn" {
  description = "ARN of the role that takes a release back, without asking anybody."
  value       = aws_iam_role.rollback.arn
}

output "deploy_dags_role_arn" {
  description = "ARN of the role that publishes DAG files."
  value       = aws_iam_role.dags.arn
}

output "gate_role_arn" {
  description = "ARN of the gate's read-only role."
  value       = aws_iam_role.gate.arn
}

output "archive_role_arn" {
  description = "ARN of the role that archives runs of the gate."
  value       = aws_iam_role.archive.arn
}
