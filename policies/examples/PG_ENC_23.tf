variable "group" {
  type = string
}

resource "aws_redshift_cluster" "left_at_the_default" {
  cluster_identifier = "default"
  node_type          = "ra3.large"
}

resource "aws_redshift_cluster" "with_the_default_group_of_old" { # violates PG_ENC_23
  cluster_identifier           = "old"
  node_type                    = "ra3.large"
  cluster_parameter_group_name = "default.redshift-1.0"
}

resource "aws_redshift_parameter_group" "own" {
  name   = "own"
  family = "redshift-2.0"
}

resource "aws_redshift_cluster" "with_a_group_of_its_own" {
  cluster_identifier           = "own"
  node_type                    = "ra3.large"
  cluster_parameter_group_name = aws_redshift_parameter_group.own.name
}

resource "aws_redshift_cluster" "with_a_group_from_elsewhere" { # undetermined PG_ENC_23
  cluster_identifier           = "elsewhere"
  node_type                    = "ra3.large"
  cluster_parameter_group_name = "reporting"
}

resource "aws_redshift_cluster" "decided_later" { # undetermined PG_ENC_23
  cluster_identifier           = "later"
  node_type                    = "ra3.large"
  cluster_parameter_group_name = var.group
}
