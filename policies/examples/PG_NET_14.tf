resource "aws_db_subnet_group" "private" {
  name       = "private"
  subnet_ids = ["subnet-1", "subnet-2"]
}

resource "aws_rds_cluster" "placed" {
  engine               = "aurora-postgresql"
  db_subnet_group_name = aws_db_subnet_group.private.name
}

resource "aws_rds_cluster" "in_the_default_network" { # violates PG_NET_14
  engine = "aurora-postgresql"
}

resource "aws_elasticache_replication_group" "in_the_default_network" { # violates PG_NET_14
  replication_group_id = "cache"
  description          = "cache"
}

resource "aws_db_instance" "replica" { # not-applicable PG_NET_14
  instance_class      = "db.t4g.medium"
  replicate_source_db = "primary"
}

resource "aws_elasticache_cluster" "in_the_default_network" { # violates PG_NET_14
  cluster_id        = "default"
  subnet_group_name = "default"
}

resource "aws_elasticache_cluster" "member" { # not-applicable PG_NET_14
  cluster_id           = "member"
  replication_group_id = "cache"
}
