variable "later" {
  type = string
}

resource "aws_rds_cluster" "as_stated" {
  cluster_identifier = "as-stated"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    max_capacity = 4
    min_capacity = 1
  }
}

resource "aws_rds_cluster" "more" { # violates PG_SIZE_3
  cluster_identifier = "more"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    max_capacity = 16
    min_capacity = 1
  }
}

resource "aws_rds_cluster" "twice" { # violates PG_SIZE_3
  cluster_identifier = "twice"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    max_capacity = 8
    min_capacity = 1
  }
}

resource "aws_rds_cluster" "decided_later" { # undetermined PG_SIZE_3
  cluster_identifier = "decided-later"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    max_capacity = var.later
    min_capacity = 1
  }
}

resource "aws_rds_cluster" "without_capacity" { # undetermined PG_SIZE_3
  cluster_identifier = "without-capacity"
  engine             = "aurora-postgresql"
}
