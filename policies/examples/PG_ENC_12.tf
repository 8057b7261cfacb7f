variable "engine_version" { type = string }

resource "aws_rds_cluster_parameter_group" "forced" {
  name   = "forced"
  family = "aurora-postgresql16"
  parameter {
    name  = "log_statement"
    value = "ddl"
  }
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
}

resource "aws_rds_cluster_parameter_group" "off" {
  name   = "off"
  family = "aurora-postgresql17"
  parameter {
    name  = "rds.force_ssl"
    value = "0"
  }
}

resource "aws_rds_cluster_parameter_group" "silent" {
  name   = "silent"
  family = "aurora-postgresql16"
}

resource "aws_db_parameter_group" "mysql" {
  name   = "mysql"
  family = "mysql8.4"
  parameter {
    name  = "require_secure_transport"
    value = "ON"
  }
}

resource "aws_rds_cluster" "forced" {
  engine                          = "aurora-postgresql"
  engine_version                  = "16.6"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.forced.name
}

resource "aws_rds_cluster" "forced_by_default_since_17" {
  engine                          = "aurora-postgresql"
  engine_version                  = "17.4"
  db_cluster_parameter_group_name = "default.aurora-postgresql17"
}

resource "aws_db_instance" "mysql" {
  instance_class       = "db.t4g.medium"
  engine               = "mysql"
  engine_version       = "8.4.5"
  parameter_group_name = aws_db_parameter_group.mysql.name
}

resource "aws_rds_cluster" "switched_off" { # violates PG_ENC_12
  engine                          = "aurora-postgresql"
  engine_version                  = "17.4"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.off.name
}

resource "aws_rds_cluster" "off_by_default_in_16" { # violates PG_ENC_12
  engine                          = "aurora-postgresql"
  engine_version                  = "16.6"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.silent.name
}

resource "aws_db_instance" "mysql_by_default" { # violates PG_ENC_12
  instance_class       = "db.t4g.medium"
  engine               = "mysql"
  engine_version       = "8.4.5"
  parameter_group_name = "default.mysql8.4"
}

resource "aws_db_instance" "sql_server_by_default" { # violates PG_ENC_12
  instance_class       = "db.t3.medium"
  engine               = "sqlserver-se"
  engine_version       = "16.00"
  parameter_group_name = "default.sqlserver-se-16.0"
}

resource "aws_rds_cluster" "group_of_another_stack" { # undetermined PG_ENC_12
  engine                          = "aurora-postgresql"
  engine_version                  = "16.6"
  db_cluster_parameter_group_name = "shared"
}

resource "aws_rds_cluster" "version_known_at_apply" { # undetermined PG_ENC_12
  engine                          = "aurora-postgresql"
  engine_version                  = var.engine_version
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.silent.name
}
