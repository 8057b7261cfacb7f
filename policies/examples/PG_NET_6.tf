variable "public" { type = bool }

resource "aws_rds_cluster_instance" "private" {
  cluster_identifier  = "news"
  engine              = "aurora-postgresql"
  instance_class      = "db.serverless"
  publicly_accessible = false
}

resource "aws_db_instance" "private_when_unset" {
  instance_class = "db.t4g.medium"
}

resource "aws_rds_cluster_instance" "public" { # violates PG_NET_6
  cluster_identifier  = "news"
  engine              = "aurora-postgresql"
  instance_class      = "db.serverless"
  publicly_accessible = true
}

resource "aws_redshift_cluster" "public_warehouse" { # violates PG_NET_6
  cluster_identifier  = "warehouse"
  node_type           = "ra3.large"
  publicly_accessible = true
}

resource "aws_db_instance" "decided_at_apply" { # undetermined PG_NET_6
  instance_class      = "db.t4g.medium"
  publicly_accessible = var.public
}

resource "aws_neptune_cluster_instance" "public" { # violates PG_NET_6
  cluster_identifier  = "graph"
  instance_class      = "db.r6g.large"
  publicly_accessible = true
}

resource "aws_rds_cluster" "of_several_zones_and_public" { # violates PG_NET_6
  cluster_identifier  = "orders"
  engine              = "postgres"
  publicly_accessible = true
}
