output "vault_arns" {
  description = "ARNs of the vaults: main, and copy in another region."
  value       = { for key, vault in aws_backup_vault.this : key => vault.arn }
}

output "plan_id" {
  description = "Id of the backup plan."
  value       = aws_backup_plan.this.id
}

output "restore_testing_plan_name" {
  description = "Name of the restore testing plan."
  value       = aws_backup_restore_testing_plan.this.name
}
