variable "unasked" {
  type = bool
}

resource "aws_msk_cluster" "by_iam" {
  cluster_name           = "iam"
  kafka_version          = "3.6.0"
  number_of_broker_nodes = 2

  broker_node_group_info {
    instance_type   = "kafka.m5.large"
    client_subnets  = ["subnet-1", "subnet-2"]
    security_groups = ["sg-1"]
  }

  client_authentication {
    sasl {
      iam = true
    }
  }
}

resource "aws_msk_cluster" "left_at_the_default" { # violates PG_API_4
  cluster_name           = "default"
  kafka_version          = "3.6.0"
  number_of_broker_nodes = 2

  broker_node_group_info {
    instance_type   = "kafka.m5.large"
    client_subnets  = ["subnet-1", "subnet-2"]
    security_groups = ["sg-1"]
  }
}

resource "aws_msk_cluster" "by_iam_or_not" { # violates PG_API_4
  cluster_name           = "either"
  kafka_version          = "3.6.0"
  number_of_broker_nodes = 2

  broker_node_group_info {
    instance_type   = "kafka.m5.large"
    client_subnets  = ["subnet-1", "subnet-2"]
    security_groups = ["sg-1"]
  }

  client_authentication {
    unauthenticated = true
    sasl {
      iam = true
    }
  }
}

resource "aws_msk_cluster" "decided_later" { # undetermined PG_API_4
  cluster_name           = "later"
  kafka_version          = "3.6.0"
  number_of_broker_nodes = 2

  broker_node_group_info {
    instance_type   = "kafka.m5.large"
    client_subnets  = ["subnet-1", "subnet-2"]
    security_groups = ["sg-1"]
  }

  client_authentication {
    unauthenticated = var.unasked
    sasl {
      scram = true
    }
  }
}

resource "aws_opensearch_domain" "told_apart" {
  domain_name = "told-apart"

  advanced_security_options {
    enabled = true
  }
}

resource "aws_opensearch_domain" "left_at_the_default" { # violates PG_API_4
  domain_name = "default"
}

resource "aws_dms_endpoint" "left_at_the_default" {
  endpoint_id   = "mongo"
  endpoint_type = "source"
  engine_name   = "mongodb"
  ssl_mode      = "require"

  mongodb_settings {
    nesting_level = "one"
  }
}

resource "aws_dms_endpoint" "without_password" { # violates PG_API_4
  endpoint_id   = "mongo-open"
  endpoint_type = "source"
  engine_name   = "mongodb"
  ssl_mode      = "require"

  mongodb_settings {
    auth_type = "no"
  }
}

resource "aws_opensearch_domain" "with_anonymous_users" { # violates PG_API_4
  domain_name = "anonymous"

  advanced_security_options {
    enabled                = true
    anonymous_auth_enabled = true
  }
}
