resource "aws_opensearch_domain" "among_themselves_over_tls" {
  domain_name = "tls"
  node_to_node_encryption {
    enabled = true
  }
}

resource "aws_opensearch_domain" "left_at_the_default" { # violates PG_ENC_16
  domain_name = "plain"
}

resource "aws_elasticsearch_domain" "switched_off" { # violates PG_ENC_16
  domain_name = "off"
  node_to_node_encryption {
    enabled = false
  }
}
