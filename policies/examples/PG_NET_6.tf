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

resource "aws_msk_cluster" "left_at_the_default" {
  cluster_name           = "default"
  kafka_version          = "3.6.0"
  number_of_broker_nodes = 2

  broker_node_group_info {
    instance_type   = "kafka.m5.large"
    client_subnets  = ["subnet-1", "subnet-2"]
    security_groups = ["sg-1"]
  }
}

resource "aws_msk_cluster" "with_public_addresses" { # violates PG_NET_6
  cluster_name           = "public"
  kafka_version          = "3.6.0"
  number_of_broker_nodes = 2

  broker_node_group_info {
    instance_type   = "kafka.m5.large"
    client_subnets  = ["subnet-1", "subnet-2"]
    security_groups = ["sg-1"]

    connectivity_info {
      public_access {
        type = "SERVICE_PROVIDED_EIPS"
      }
    }
  }
}
