resource "aws_opensearch_domain" "modern" {
  domain_name = "modern"
  domain_endpoint_options {
    tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"
  }
}

resource "aws_opensearch_domain" "without_the_block" { # violates PG_ENC_19
  domain_name = "unset"
}

resource "aws_elasticsearch_domain" "old" { # violates PG_ENC_19
  domain_name = "old"
  domain_endpoint_options {
    tls_security_policy = "Policy-Min-TLS-1-0-2019-07"
  }
}

resource "aws_api_gateway_domain_name" "modern" {
  domain_name     = "api.example.com"
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
  security_policy = "TLS_1_2"
}

resource "aws_api_gateway_domain_name" "old" { # violates PG_ENC_19
  domain_name     = "old.example.com"
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
  security_policy = "TLS_1_0"
}

resource "aws_api_gateway_domain_name" "left_to_aws" { # undetermined PG_ENC_19
  domain_name     = "unset.example.com"
  certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
}

resource "aws_opensearch_domain" "without_forward_secrecy" { # violates PG_ENC_19
  domain_name = "of-2019"
  domain_endpoint_options {
    tls_security_policy = "Policy-Min-TLS-1-2-2019-07"
  }
}
