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
