variable "choice" { type = bool }

resource "aws_rds_cluster" "encrypted" {
  engine            = "aurora-postgresql"
  storage_encrypted = true
}

resource "aws_opensearch_domain" "encrypted" {
  domain_name = "encrypted"
  encrypt_at_rest {
    enabled = true
  }
}

resource "aws_rds_cluster" "switched_off" { # violates PG_ENC_1
  engine            = "aurora-postgresql"
  storage_encrypted = false
}

resource "aws_db_instance" "left_at_the_default" { # violates PG_ENC_1
  instance_class = "db.t4g.medium"
}

resource "aws_elasticache_replication_group" "a_cache_in_plain_text" { # violates PG_ENC_1
  replication_group_id       = "plain"
  description                = "plain"
  at_rest_encryption_enabled = false
}

resource "aws_opensearch_domain" "without_the_block" { # violates PG_ENC_1
  domain_name = "plain"
}

resource "aws_db_instance" "a_replica" { # not-applicable PG_ENC_1
  instance_class      = "db.t4g.medium"
  replicate_source_db = "primary"
}

resource "aws_rds_cluster" "decided_at_apply" { # undetermined PG_ENC_1
  engine            = "aurora-postgresql"
  storage_encrypted = var.choice
}

resource "aws_elasticsearch_domain" "plain_text" { # violates PG_ENC_1
  domain_name = "es-plain"
}

resource "aws_dax_cluster" "encrypted" {
  cluster_name       = "encrypted"
  iam_role_arn       = "arn:aws:iam::123456789012:role/dax"
  node_type          = "dax.r5.large"
  replication_factor = 3
  server_side_encryption {
    enabled = true
  }
}

resource "aws_dax_cluster" "plain_by_default" { # violates PG_ENC_1
  cluster_name       = "plain"
  iam_role_arn       = "arn:aws:iam::123456789012:role/dax"
  node_type          = "dax.r5.large"
  replication_factor = 3
}

resource "aws_appsync_api_cache" "plain" { # violates PG_ENC_1
  api_id               = "a1b2c3d4"
  api_caching_behavior = "FULL_REQUEST_CACHING"
  ttl                  = 300
  type                 = "SMALL"
}

resource "aws_elasticache_replication_group" "valkey" {
  replication_group_id = "valkey"
  description          = "valkey"
  engine               = "valkey"
}

resource "aws_elasticache_replication_group" "copies_another" { # not-applicable PG_ENC_1
  replication_group_id        = "copy"
  description                 = "copy"
  global_replication_group_id = "ldgnf-store"
}
