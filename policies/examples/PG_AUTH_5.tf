resource "aws_rds_cluster" "by_token" {
  cluster_identifier                  = "by-token"
  engine                              = "aurora-postgresql"
  iam_database_authentication_enabled = true
}

resource "aws_rds_cluster" "by_password" { # violates PG_AUTH_5
  cluster_identifier = "by-password"
  engine             = "aurora-mysql"
}

resource "aws_db_instance" "by_password" { # violates PG_AUTH_5
  identifier                          = "by-password"
  engine                              = "postgres"
  instance_class                      = "db.t4g.micro"
  iam_database_authentication_enabled = false
}

resource "aws_db_instance" "of_oracle" { # not-applicable PG_AUTH_5
  identifier     = "of-oracle"
  engine         = "oracle-ee"
  instance_class = "db.m6i.large"
}

resource "aws_neptune_cluster" "by_token" {
  cluster_identifier                  = "by-token"
  iam_database_authentication_enabled = true
}

resource "aws_neptune_cluster" "by_network_alone" { # violates PG_AUTH_5
  cluster_identifier = "by-network-alone"
}
