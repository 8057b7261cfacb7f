resource "aws_kms_key" "own" {}

resource "aws_s3_bucket" "own_key" {
  bucket = "own-key"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "own_key" {
  bucket = aws_s3_bucket.own_key.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.own.arn
    }
  }
}

resource "aws_s3_bucket" "own_key_in_a_block" {
  bucket = "own-key-in-a-block"
  server_side_encryption_configuration {
    rule {
      apply_server_side_encryption_by_default {
        sse_algorithm     = "aws:kms"
        kms_master_key_id = aws_kms_key.own.arn
      }
    }
  }
}

resource "aws_s3_bucket" "left_to_s3" { # violates PG_ENC_4
  bucket = "left-to-s3"
}

resource "aws_s3_bucket" "aes256" { # violates PG_ENC_4
  bucket = "aes256"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "aes256" {
  bucket = aws_s3_bucket.aes256.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket" "key_of_s3" { # violates PG_ENC_4
  bucket = "key-of-s3"
}

resource "aws_s3_bucket_server_side_encryption_configuration" "key_of_s3" {
  bucket = aws_s3_bucket.key_of_s3.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "aws:kms"
    }
  }
}

resource "aws_s3_bucket" "access_logs" { # not-applicable PG_ENC_4
  bucket = "access-logs"
}

resource "aws_lb" "public" {
  name = "public"
  access_logs {
    bucket = aws_s3_bucket.access_logs.id
  }
}

resource "aws_s3_bucket" "of_logs_from_elsewhere" { # not-applicable PG_ENC_4
  bucket = "logs-from-elsewhere"
}

resource "aws_s3_bucket_policy" "of_logs_from_elsewhere" {
  bucket = aws_s3_bucket.of_logs_from_elsewhere.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:PutObject"
      Resource  = "arn:aws:s3:::logs-from-elsewhere/*"
      Principal = { Service = "logging.s3.amazonaws.com" }
    }]
  })
}

resource "aws_s3_bucket" "of_logs_by_an_acl" { # not-applicable PG_ENC_4
  bucket = "logs-by-an-acl"
}

resource "aws_s3_bucket_acl" "of_logs_by_an_acl" {
  bucket = aws_s3_bucket.of_logs_by_an_acl.id
  access_control_policy {
    owner {
      id = "1"
    }
    grant {
      permission = "WRITE"
      grantee {
        type = "Group"
        uri  = "http://acs.amazonaws.com/groups/s3/LogDelivery"
      }
    }
  }
}

resource "aws_s3_bucket" "read_by_the_service_of_logs" { # violates PG_ENC_4
  bucket = "read-by-logs"
}

resource "aws_s3_bucket_policy" "read_by_the_service_of_logs" {
  bucket = aws_s3_bucket.read_by_the_service_of_logs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "s3:GetObject"
      Resource  = "arn:aws:s3:::read-by-logs/*"
      Principal = { Service = "logging.s3.amazonaws.com" }
    }]
  })
}
