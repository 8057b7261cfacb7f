resource "aws_redshift_parameter_group" "demanded" {
  name   = "demanded"
  family = "redshift-2.0"
  parameter {
    name  = "require_ssl"
    value = "true"
  }
}

resource "aws_redshift_parameter_group" "left_out" {
  name   = "left-out"
  family = "redshift-2.0"
}

resource "aws_redshift_parameter_group" "plain_connections" { # violates PG_ENC_17
  name   = "plain"
  family = "redshift-2.0"
  parameter {
    name  = "require_ssl"
    value = "false"
  }
}

resource "aws_redshift_parameter_group" "left_out_of_an_old_family" { # violates PG_ENC_17
  name   = "old"
  family = "redshift-1.0"
}

resource "aws_docdb_cluster_parameter_group" "left_at_the_default" {
  name   = "docdb-default"
  family = "docdb5.0"
}

resource "aws_docdb_cluster_parameter_group" "of_the_newest_tls" {
  name   = "docdb-newest"
  family = "docdb5.0"

  parameter {
    name  = "tls"
    value = "tls1.2+"
  }
}

resource "aws_docdb_cluster_parameter_group" "in_plain_text" { # violates PG_ENC_17
  name   = "docdb-plain"
  family = "docdb5.0"

  parameter {
    name  = "tls"
    value = "disabled"
  }
}

resource "aws_redshiftserverless_workgroup" "demanding" {
  namespace_name = "reports"
  workgroup_name = "demanding"

  config_parameter {
    parameter_key   = "require_ssl"
    parameter_value = "true"
  }
}

resource "aws_redshiftserverless_workgroup" "in_plain_text" { # violates PG_ENC_17
  namespace_name = "reports"
  workgroup_name = "plain"

  config_parameter {
    parameter_key   = "require_ssl"
    parameter_value = "false"
  }
}

resource "aws_redshiftserverless_workgroup" "left_at_the_default" { # undetermined PG_ENC_17
  namespace_name = "reports"
  workgroup_name = "default"
}
