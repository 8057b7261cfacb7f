resource "aws_rds_cluster" "with_two" {
  cluster_identifier = "with-two"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    min_capacity = 1
    max_capacity = 4
  }
}

resource "aws_rds_cluster_instance" "two_1" {
  cluster_identifier = aws_rds_cluster.with_two.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}

resource "aws_rds_cluster_instance" "two_2" {
  cluster_identifier = aws_rds_cluster.with_two.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}

resource "aws_rds_cluster" "with_one" { # violates PG_SIZE_4
  cluster_identifier = "with-one"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    min_capacity = 1
    max_capacity = 4
  }
}

resource "aws_rds_cluster_instance" "one" {
  cluster_identifier = aws_rds_cluster.with_one.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}

resource "aws_rds_cluster" "with_none" { # violates PG_SIZE_4
  cluster_identifier = "with-none"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    min_capacity = 1
    max_capacity = 4
  }
}
