# Aurora PostgreSQL, Serverless v2: a writer and readers that take over, encrypted, restorable to any second. Services
# sign in with IAM, so no password of theirs exists anywhere; the master password is kept and changed by RDS.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  family = "aurora-postgresql${split(".", var.engine_version)[0]}"
  logs   = toset(["postgresql"])

  # Numbered from 1; the same zone comes again only when there are more instances than zones.
  instances = { for number in range(1, var.instances + 1) : "${var.name}-${number}" => element(var.availability_zones, number - 1) }
}

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "${var.name}: subnets without a way out"
  subnet_ids  = var.subnet_ids
}

# Made first, so that retention and key are ours from the first line.
resource "aws_cloudwatch_log_group" "this" {
  for_each = local.logs

  name              = "/aws/rds/cluster/${var.name}/${each.value}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_kms_key_arn
}

resource "aws_rds_cluster" "this" {
  cluster_identifier = var.name
  engine             = "aurora-postgresql"
  engine_mode        = "provisioned" # what Serverless v2 is called here
  engine_version     = var.engine_version
  database_name      = var.database_name
  port               = var.port
  network_type       = "IPV4"

  serverlessv2_scaling_configuration {
    min_capacity = var.capacity.min
    max_capacity = var.capacity.max
  }

  master_username                     = "postgres_admin"
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = var.kms_key_arn
  iam_database_authentication_enabled = true

  storage_encrypted = true
  kms_key_id        = var.kms_key_arn

  db_subnet_group_name            = aws_db_subnet_group.this.name
  vpc_security_group_ids          = var.security_group_ids
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.this.name

  # AWS Backup takes the same days over as continuous backup, and chooses its own hour (no preferred_backup_window):
  # a backup of Aurora costs the cluster nothing.
  backup_retention_period   = var.backup_retention_days
  copy_tags_to_snapshot     = true
  delete_automated_backups  = false
  deletion_protection       = true
  skip_final_snapshot       = false
  final_snapshot_identifier = "${var.name}-final"

  enabled_cloudwatch_logs_exports = local.logs

  preferred_maintenance_window = var.maintenance_window
  allow_major_version_upgrade  = false
  apply_immediately            = false # what restarts waits for the maintenance window

  tags = { Backup = "daily" }

  depends_on = [aws_cloudwatch_log_group.this]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_rds_cluster_instance" "this" {
  for_each = local.instances

  identifier         = each.key
  cluster_identifier = aws_rds_cluster.this.id
  engine             = aws_rds_cluster.this.engine
  engine_version     = aws_rds_cluster.this.engine_version
  instance_class     = "db.serverless"
  availability_zone  = each.value

  # The first two grow and shrink together, so that a failover finds a reader as large as the writer.
  promotion_tier = min(index(keys(local.instances), each.key), 2)

  db_subnet_group_name    = aws_db_subnet_group.this.name
  db_parameter_group_name = aws_db_parameter_group.this.name
  publicly_accessible     = false
  ca_cert_identifier      = "rds-ca-rsa2048-g1"

  # Upgrades come by changing engine_version, after a rehearsal, and not by themselves some Tuesday.
  auto_minor_version_upgrade   = false
  preferred_maintenance_window = var.maintenance_window
  apply_immediately            = false
  copy_tags_to_snapshot        = true

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.kms_key_arn
  performance_insights_retention_period = 7
  monitoring_interval                   = 30
  monitoring_role_arn                   = aws_iam_role.monitoring.arn

  tags = { Backup = "daily" }
}

# RDS makes and changes the secret; stated here so that the interval is a decision and not a default.
resource "aws_secretsmanager_secret_rotation" "master" {
  secret_id = aws_rds_cluster.this.master_user_secret[0].secret_arn

  rotation_rules {
    automatically_after_days = var.master_secret_rotation_days
  }
}
