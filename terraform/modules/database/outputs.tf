output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_rds_cluster.this.arn
}

output "cluster_identifier" {
  description = "Identifier of the cluster."
  value       = aws_rds_cluster.this.cluster_identifier
}

output "cluster_resource_id" {
  description = "Resource id of the cluster, which IAM database sign-in names instead of its identifier."
  value       = aws_rds_cluster.this.cluster_resource_id
}

output "endpoint" {
  description = "Host of the writer."
  value       = aws_rds_cluster.this.endpoint
}

output "reader_endpoint" {
  description = "Host of the readers."
  value       = aws_rds_cluster.this.reader_endpoint
}

output "database_name" {
  description = "Name of the database in the cluster."
  value       = aws_rds_cluster.this.database_name
}

output "subnet_group_name" {
  description = "Subnet group of the cluster, which a restore test uses as well."
  value       = aws_db_subnet_group.this.name
}

output "master_secret_arn" {
  description = "ARN of the secret with the master password, made and rotated by RDS."
  value       = aws_rds_cluster.this.master_user_secret[0].secret_arn
}

output "instance_identifiers" {
  description = "Identifiers of the instances."
  value       = [for instance in aws_rds_cluster_instance.this : instance.identifier]
}

output "log_group_names" {
  description = "Names of the log groups of the cluster, by kind of log."
  value       = { for kind, group in aws_cloudwatch_log_group.this : kind => group.name }
}

output "max_connections" {
  description = "Connections that an instance takes: Aurora derives them from the greatest capacity (1 ACU 189, 4 ACU 823, 16 ACU 3360), 5000 at most."
  value       = min(5000, floor(211.4 * var.capacity.max - 22.5))
}
