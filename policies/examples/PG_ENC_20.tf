variable "listener" {
  type = string
}

resource "aws_apigatewayv2_api" "news" {
  name          = "news"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "private_over_tls" {
  api_id             = aws_apigatewayv2_api.news.id
  integration_type   = "HTTP_PROXY"
  integration_method = "ANY"
  integration_uri    = var.listener
  connection_type    = "VPC_LINK"
  connection_id      = "abc123"

  tls_config {
    server_name_to_verify = "internal.example.com"
  }
}

resource "aws_apigatewayv2_integration" "of_a_function" {
  api_id           = aws_apigatewayv2_api.news.id
  integration_type = "AWS_PROXY"
  integration_uri  = "arn:aws:lambda:ap-northeast-1:111122223333:function:news"
}

resource "aws_apigatewayv2_integration" "private_in_plain_text" { # violates PG_ENC_20
  api_id             = aws_apigatewayv2_api.news.id
  integration_type   = "HTTP_PROXY"
  integration_method = "ANY"
  integration_uri    = var.listener
  connection_type    = "VPC_LINK"
  connection_id      = "abc123"
}

resource "aws_apigatewayv2_api" "scores" {
  name          = "scores"
  protocol_type = "WEBSOCKET"
}

resource "aws_apigatewayv2_integration" "of_sockets_over_https" {
  api_id             = aws_apigatewayv2_api.scores.id
  integration_type   = "HTTP_PROXY"
  integration_method = "POST"
  integration_uri    = "https://scores.internal.example.com"
  connection_type    = "VPC_LINK"
  connection_id      = "abc123"
}

resource "aws_dms_endpoint" "over_tls" {
  endpoint_id   = "over-tls"
  endpoint_type = "source"
  engine_name   = "postgres"
  ssl_mode      = "require"
}

resource "aws_dms_endpoint" "left_at_the_default" { # violates PG_ENC_20
  endpoint_id   = "default"
  endpoint_type = "source"
  engine_name   = "mysql"
}

resource "aws_dms_endpoint" "of_a_table_of_aws" {
  endpoint_id         = "dynamodb"
  endpoint_type       = "target"
  engine_name         = "dynamodb"
  service_access_role = "arn:aws:iam::111122223333:role/dms"
}

resource "aws_dms_endpoint" "redis_left_at_the_default" {
  endpoint_id   = "redis"
  endpoint_type = "target"
  engine_name   = "redis"

  redis_settings {
    auth_type   = "none"
    port        = 6379
    server_name = "cache.example.com"
  }
}

resource "aws_dms_endpoint" "redis_in_plain_text" { # violates PG_ENC_20
  endpoint_id   = "redis-plain"
  endpoint_type = "target"
  engine_name   = "redis"

  redis_settings {
    auth_type             = "none"
    port                  = 6379
    server_name           = "cache.example.com"
    ssl_security_protocol = "plaintext"
  }
}

resource "aws_dms_endpoint" "kafka_left_at_the_default" { # violates PG_ENC_20
  endpoint_id   = "kafka"
  endpoint_type = "target"
  engine_name   = "kafka"

  kafka_settings {
    broker = "b-1.example.com:9092"
  }
}

resource "aws_dms_endpoint" "kafka_over_tls" {
  endpoint_id   = "kafka-tls"
  endpoint_type = "target"
  engine_name   = "kafka"

  kafka_settings {
    broker            = "b-1.example.com:9094"
    security_protocol = "ssl-encryption"
  }
}

resource "aws_mskconnect_connector" "over_tls" {
  name                       = "over-tls"
  kafkaconnect_version       = "2.7.1"
  connector_configuration    = { "tasks.max" = "1" }
  service_execution_role_arn = "arn:aws:iam::111122223333:role/connect"

  capacity {
    provisioned_capacity {
      worker_count = 1
    }
  }

  kafka_cluster {
    apache_kafka_cluster {
      bootstrap_servers = "b-1.example.com:9094"
      vpc {
        security_groups = ["sg-1"]
        subnets         = ["subnet-1"]
      }
    }
  }

  kafka_cluster_client_authentication {
    authentication_type = "NONE"
  }

  kafka_cluster_encryption_in_transit {
    encryption_type = "TLS"
  }

  plugin {
    custom_plugin {
      arn      = "arn:aws:kafkaconnect:ap-northeast-1:111122223333:custom-plugin/p/1"
      revision = 1
    }
  }
}

resource "aws_mskconnect_connector" "left_at_the_default" { # violates PG_ENC_20
  name                       = "default"
  kafkaconnect_version       = "2.7.1"
  connector_configuration    = { "tasks.max" = "1" }
  service_execution_role_arn = "arn:aws:iam::111122223333:role/connect"

  capacity {
    provisioned_capacity {
      worker_count = 1
    }
  }

  kafka_cluster {
    apache_kafka_cluster {
      bootstrap_servers = "b-1.example.com:9092"
      vpc {
        security_groups = ["sg-1"]
        subnets         = ["subnet-1"]
      }
    }
  }

  kafka_cluster_client_authentication {
    authentication_type = "NONE"
  }

  kafka_cluster_encryption_in_transit {
  }

  plugin {
    custom_plugin {
      arn      = "arn:aws:kafkaconnect:ap-northeast-1:111122223333:custom-plugin/p/1"
      revision = 1
    }
  }
}

resource "aws_transfer_server" "left_at_the_default" {
  tags = { Name = "files" }
}

resource "aws_transfer_server" "with_ftp_beside" { # violates PG_ENC_20
  protocols              = ["SFTP", "FTP"]
  identity_provider_type = "API_GATEWAY"
  url                    = "https://id.example.com"
  invocation_role        = "arn:aws:iam::111122223333:role/id"
}

variable "mode" {
  type = string
}

resource "aws_dms_endpoint" "decided_later" { # undetermined PG_ENC_20
  endpoint_id   = "later"
  endpoint_type = "source"
  engine_name   = "oracle"
  ssl_mode      = var.mode
}
