resource "aws_rds_cluster" "this" {
  cluster_identifier = "this"
  engine             = "aurora-postgresql"
}

resource "aws_cloudfront_distribution" "this" {
  enabled = true
  aliases = ["shop.example", "www.shop.example"]

  origin {
    domain_name = "origin.shop.example"
    origin_id   = "origin"
  }

  default_cache_behavior {
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    target_origin_id       = "origin"
    viewer_protocol_policy = "https-only"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/a"
    ssl_support_method  = "sni-only"
  }
}

resource "aws_ecs_task_definition" "of_production" {
  family = "of-production"

  container_definitions = jsonencode([{ name = "app", image = "app", environment = [{ name = "DATABASE_HOST", value = aws_rds_cluster.this.endpoint }, { name = "DATABASE_READER_HOST", value = aws_rds_cluster.this.reader_endpoint }, { name = "API_URL", value = "https://www.shop.example/api" }, { name = "QUEUE_URL", value = "https://sqs.example/q" }] }])
}

resource "aws_ecs_task_definition" "that_writes_to_a_reader" { # violates PG_ENV_3
  family = "that-writes-to-a-reader"

  container_definitions = jsonencode([{ name = "app", image = "app", environment = [{ name = "DATABASE_HOST", value = aws_rds_cluster.this.reader_endpoint }] }])
}

resource "aws_ecs_task_definition" "that_asks_staging" { # violates PG_ENV_3
  family = "that-asks-staging"

  container_definitions = jsonencode([{ name = "app", image = "app", environment = [{ name = "NEXT_PUBLIC_API_URL", value = "https://staging.shop.example/api" }] }])
}
