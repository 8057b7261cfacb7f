resource "aws_ec2_client_vpn_endpoint" "logged" {
  server_certificate_arn = "arn:aws:acm:ap-northeast-1:111122223333:certificate/1"
  client_cidr_block      = "10.9.0.0/16"

  authentication_options {
    type                       = "certificate-authentication"
    root_certificate_chain_arn = "arn:aws:acm:ap-northeast-1:111122223333:certificate/2"
  }

  connection_log_options {
    enabled              = true
    cloudwatch_log_group = "vpn"
  }
}

resource "aws_ec2_client_vpn_endpoint" "without_log" { # violates PG_EDGE_19
  server_certificate_arn = "arn:aws:acm:ap-northeast-1:111122223333:certificate/1"
  client_cidr_block      = "10.9.0.0/16"

  authentication_options {
    type                       = "certificate-authentication"
    root_certificate_chain_arn = "arn:aws:acm:ap-northeast-1:111122223333:certificate/2"
  }

  connection_log_options {
    enabled = false
  }
}

resource "aws_vpn_connection" "logged" {
  customer_gateway_id = "cgw-1"
  transit_gateway_id  = "tgw-1"
  type                = "ipsec.1"

  tunnel1_log_options {
    cloudwatch_log_options {
      log_enabled   = true
      log_group_arn = "arn:aws:logs:ap-northeast-1:111122223333:log-group:vpn"
    }
  }

  tunnel2_log_options {
    cloudwatch_log_options {
      log_enabled   = true
      log_group_arn = "arn:aws:logs:ap-northeast-1:111122223333:log-group:vpn"
    }
  }
}

resource "aws_vpn_connection" "half_logged" { # violates PG_EDGE_19
  customer_gateway_id = "cgw-1"
  transit_gateway_id  = "tgw-1"
  type                = "ipsec.1"

  tunnel1_log_options {
    cloudwatch_log_options {
      log_enabled   = true
      log_group_arn = "arn:aws:logs:ap-northeast-1:111122223333:log-group:vpn"
    }
  }
}

resource "aws_networkfirewall_firewall" "logged" {
  name                = "logged"
  firewall_policy_arn = "arn:aws:network-firewall:ap-northeast-1:111122223333:firewall-policy/p"
  vpc_id              = "vpc-1"

  subnet_mapping {
    subnet_id = "subnet-1"
  }
}

resource "aws_networkfirewall_logging_configuration" "logged" {
  firewall_arn = aws_networkfirewall_firewall.logged.arn

  logging_configuration {
    log_destination_config {
      log_destination      = { logGroup = "firewall" }
      log_destination_type = "CloudWatchLogs"
      log_type             = "FLOW"
    }
  }
}

resource "aws_networkfirewall_firewall" "without_log" { # violates PG_EDGE_19
  name                = "without"
  firewall_policy_arn = "arn:aws:network-firewall:ap-northeast-1:111122223333:firewall-policy/p"
  vpc_id              = "vpc-1"

  subnet_mapping {
    subnet_id = "subnet-1"
  }
}
