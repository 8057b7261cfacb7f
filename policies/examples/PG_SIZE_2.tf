variable "later" {
  type = string
}

resource "aws_rds_cluster" "as_stated" {
  cluster_identifier = "as-stated"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    min_capacity = 1
    max_capacity = 4
  }
}

resource "aws_rds_cluster" "less" { # violates PG_SIZE_2
  cluster_identifier = "less"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    min_capacity = 0.5
    max_capacity = 4
  }
}

resource "aws_rds_cluster" "twice" { # violates PG_SIZE_2
  cluster_identifier = "twice"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    min_capacity = 2
    max_capacity = 4
  }
}

resource "aws_rds_cluster" "decided_later" { # undetermined PG_SIZE_2
  cluster_identifier = "decided-later"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    min_capacity = var.later
    max_capacity = 4
  }
}

resource "aws_rds_cluster" "without_capacity" { # undetermined PG_SIZE_2
  cluster_identifier = "without-capacity"
  engine             = "aurora-postgresql"
}
