# Who may open a connection to whom, stated once: every connection below is one rule out of the caller and one rule
# into the called. Groups name groups; addresses appear only where there is no group to name.

locals {
  groups = {
    alb       = "Load balancer"
    api       = "API tasks, and the migration before each release"
    frontend  = "Front end tasks"
    database  = "Aurora cluster"
    mwaa      = "Airflow"
    endpoints = "Interface endpoints of AWS services"
    verifier  = "Function that tries a new version before it gets traffic"
    rotation  = "Function that rotates secrets"
  }

  connections = {
    for one in [
      { from = "alb", to = "api", port = var.ports.api, why = "requests to the API" },
      { from = "alb", to = "frontend", port = var.ports.frontend, why = "requests to the front end" },
      { from = "api", to = "database", port = var.ports.database, why = "queries" },
      { from = "mwaa", to = "database", port = var.ports.database, why = "queries of DAGs" },
      { from = "frontend", to = "alb", port = 443, why = "pages rendered on the server ask the API" },
      { from = "verifier", to = "alb", port = var.ports.test, why = "a new version is tried" },
      { from = "api", to = "endpoints", port = 443, why = "AWS services" },
      { from = "frontend", to = "endpoints", port = 443, why = "AWS services" },
      { from = "mwaa", to = "endpoints", port = 443, why = "AWS services" },
      { from = "verifier", to = "endpoints", port = 443, why = "CodeDeploy, logs" },
      { from = "rotation", to = "endpoints", port = 443, why = "Secrets Manager, logs" },
    ] : "${one.from}-to-${one.to}-${one.port}" => one
  }

  # Image layers and objects come from S3 through the gateway endpoint, which has a prefix list instead of a group.
  s3_readers = toset(["api", "frontend", "mwaa"])
}

# Lets nothing in or out: whatever is made without a group of its own gets this one.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-unused" }
}

resource "aws_security_group" "this" {
  for_each = local.groups

  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-${each.key}" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "connection" {
  for_each = local.connections

  security_group_id            = aws_security_group.this[each.value.from].id
  description                  = "To ${each.value.to}: ${each.value.why}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = aws_security_group.this[each.value.to].id
}

resource "aws_vpc_security_group_ingress_rule" "connection" {
  for_each = local.connections

  security_group_id            = aws_security_group.this[each.value.to].id
  description                  = "From ${each.value.from}: ${each.value.why}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = aws_security_group.this[each.value.from].id
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  for_each = local.s3_readers

  security_group_id = aws_security_group.this[each.value].id
  description       = "To S3 through the gateway endpoint: image layers, objects"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
}

data "aws_ec2_managed_prefix_list" "cloudfront" {
  name = "com.amazonaws.global.cloudfront.origin-facing"
}

# 443 alone: the list counts as 55 of the 60 rules that a group may have, so a second port would not fit.
resource "aws_vpc_security_group_ingress_rule" "cloudfront" {
  security_group_id = aws_security_group.this["alb"].id
  description       = "From CloudFront, the only way in"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = data.aws_ec2_managed_prefix_list.cloudfront.id
}

# Schedulers, workers and web servers of one environment talk to one another on ports that MWAA does not state.
resource "aws_vpc_security_group_ingress_rule" "mwaa_members" {
  security_group_id            = aws_security_group.this["mwaa"].id
  description                  = "From Airflow's own members, as MWAA demands"
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.this["mwaa"].id
}

resource "aws_vpc_security_group_egress_rule" "mwaa_members" {
  security_group_id            = aws_security_group.this["mwaa"].id
  description                  = "To Airflow's own members, as MWAA demands"
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.this["mwaa"].id
}

# News sources are anywhere, and so is the package index that workers install requirements from.
resource "aws_vpc_security_group_egress_rule" "mwaa_sources" {
  security_group_id = aws_security_group.this["mwaa"].id
  description       = "To news sources, over HTTPS"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}
