resource "aws_elasticache_replication_group" "tls" {
  replication_group_id       = "tls"
  description                = "tls"
  transit_encryption_enabled = true
}

resource "aws_memorydb_cluster" "tls_by_default" {
  acl_name  = "app"
  node_type = "db.t4g.small"
}

resource "aws_opensearch_domain" "https" {
  domain_name = "https"
  domain_endpoint_options {
    enforce_https = true
  }
}

resource "aws_ecs_task_definition" "mounts_over_tls" {
  family                = "tls"
  container_definitions = jsonencode([])
  volume {
    name = "shared"
    efs_volume_configuration {
      file_system_id     = "fs-1"
      transit_encryption = "ENABLED"
    }
  }
}

resource "aws_elasticache_replication_group" "plain_by_default" { # violates PG_ENC_14
  replication_group_id = "plain"
  description          = "plain"
}

resource "aws_memorydb_cluster" "switched_off" { # violates PG_ENC_14
  acl_name    = "app"
  node_type   = "db.t4g.small"
  tls_enabled = false
}

resource "aws_opensearch_domain" "plain_http_allowed" { # violates PG_ENC_14
  domain_name = "http"
  domain_endpoint_options {
    enforce_https = false
  }
}

resource "aws_msk_cluster" "tls_or_plain_text" { # violates PG_ENC_14
  cluster_name           = "both"
  kafka_version          = "3.9.x"
  number_of_broker_nodes = 3
  broker_node_group_info {
    client_subnets  = ["subnet-1"]
    instance_type   = "kafka.m7g.large"
    security_groups = ["sg-1"]
  }
  encryption_info {
    encryption_in_transit {
      client_broker = "TLS_PLAINTEXT"
    }
  }
}

resource "aws_ecs_task_definition" "mounts_in_plain_text" { # violates PG_ENC_14
  family                = "plain"
  container_definitions = jsonencode([])
  volume {
    name = "shared"
    efs_volume_configuration {
      file_system_id = "fs-1"
    }
  }
}

resource "aws_opensearch_domain" "without_the_block" { # violates PG_ENC_14
  domain_name = "no-block"
}

resource "aws_elasticsearch_domain" "plain_http_too" { # violates PG_ENC_14
  domain_name = "es-http"
}

resource "aws_dax_cluster" "tls" {
  cluster_name                     = "tls"
  iam_role_arn                     = "arn:aws:iam::123456789012:role/dax"
  node_type                        = "dax.r5.large"
  replication_factor               = 3
  cluster_endpoint_encryption_type = "TLS"
}

resource "aws_dax_cluster" "plain_by_default" { # violates PG_ENC_14
  cluster_name       = "plain"
  iam_role_arn       = "arn:aws:iam::123456789012:role/dax"
  node_type          = "dax.r5.large"
  replication_factor = 3
}

resource "aws_db_proxy" "tls" {
  name           = "tls"
  engine_family  = "POSTGRESQL"
  role_arn       = "arn:aws:iam::123456789012:role/proxy"
  vpc_subnet_ids = ["subnet-1"]
  require_tls    = true
  auth {
    secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"
  }
}

resource "aws_db_proxy" "plain_by_default" { # violates PG_ENC_14
  name           = "plain"
  engine_family  = "POSTGRESQL"
  role_arn       = "arn:aws:iam::123456789012:role/proxy"
  vpc_subnet_ids = ["subnet-1"]
  auth {
    secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf"
  }
}

resource "aws_msk_cluster" "brokers_in_plain_text" { # violates PG_ENC_14
  cluster_name           = "between"
  kafka_version          = "3.9.x"
  number_of_broker_nodes = 3
  broker_node_group_info {
    client_subnets  = ["subnet-1"]
    instance_type   = "kafka.m7g.large"
    security_groups = ["sg-1"]
  }
  encryption_info {
    encryption_in_transit {
      in_cluster = false
    }
  }
}

resource "aws_appsync_api_cache" "plain" { # violates PG_ENC_14
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

resource "aws_elasticache_replication_group" "copies_another" { # undetermined PG_ENC_14
  replication_group_id        = "copy"
  description                 = "copy"
  global_replication_group_id = "ldgnf-store"
}

resource "aws_elasticache_replication_group" "plain_text_too" { # violates PG_ENC_14
  replication_group_id       = "preferred"
  description                = "preferred"
  transit_encryption_enabled = true
  transit_encryption_mode    = "preferred"
}

resource "aws_elasticache_cluster" "member" {
  cluster_id           = "member"
  replication_group_id = aws_elasticache_replication_group.tls.id
}

resource "aws_elasticache_cluster" "member_of_a_group_elsewhere" { # undetermined PG_ENC_14
  cluster_id           = "elsewhere"
  replication_group_id = "declared-elsewhere"
}

resource "aws_elasticache_cluster" "member_in_plain_text" { # violates PG_ENC_14
  cluster_id           = "plain"
  replication_group_id = aws_elasticache_replication_group.plain_by_default.id
}
