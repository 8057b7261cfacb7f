resource "aws_rds_cluster" "serverless" {
  cluster_identifier = "serverless"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    min_capacity = 1
    max_capacity = 4
  }
}

resource "aws_rds_cluster_instance" "serverless" {
  cluster_identifier = aws_rds_cluster.serverless.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}

resource "aws_rds_cluster" "without_instances" { # violates PG_SIZE_1
  cluster_identifier = "without-instances"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    min_capacity = 1
    max_capacity = 4
  }
}

resource "aws_rds_cluster" "with_one_fixed_instance" { # violates PG_SIZE_1
  cluster_identifier = "with-one-fixed-instance"
  engine             = "aurora-postgresql"

  serverlessv2_scaling_configuration {
    min_capacity = 1
    max_capacity = 4
  }
}

resource "aws_rds_cluster_instance" "fixed_1" {
  cluster_identifier = aws_rds_cluster.with_one_fixed_instance.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}

resource "aws_rds_cluster_instance" "fixed_2" {
  cluster_identifier = aws_rds_cluster.with_one_fixed_instance.id
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.large"
}

resource "aws_rds_cluster" "without_capacity" { # violates PG_SIZE_1
  cluster_identifier = "without-capacity"
  engine             = "aurora-postgresql"
}

resource "aws_rds_cluster_instance" "without_capacity" {
  cluster_identifier = aws_rds_cluster.without_capacity.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}

resource "aws_rds_cluster" "of_version_one" { # violates PG_SIZE_1
  cluster_identifier = "of-version-one"
  engine             = "aurora-postgresql"
  engine_mode        = "serverless"

  serverlessv2_scaling_configuration {
    min_capacity = 1
    max_capacity = 4
  }
}

resource "aws_rds_cluster_instance" "of_version_one" {
  cluster_identifier = aws_rds_cluster.of_version_one.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}

resource "aws_rds_cluster" "not_aurora" { # violates PG_SIZE_1
  cluster_identifier = "not-aurora"
  engine             = "postgres"

  serverlessv2_scaling_configuration {
    min_capacity = 1
    max_capacity = 4
  }
}
