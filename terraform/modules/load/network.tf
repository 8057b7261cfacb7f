# Members reach each other on the master's port, the load balancer, and what starts them; nobody reaches them.

locals {
  connections = {
    site      = { group = var.load_balancer_group_id, why = "the load itself" }
    endpoints = { group = var.endpoints_group_id, why = "registry, logs" }
  }
}

data "aws_ec2_managed_prefix_list" "s3" {
  name = "com.amazonaws.${local.region}.s3"
}

resource "aws_security_group" "this" {
  name        = "${var.name}-load"
  description = "Master and workers of a load test"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-load" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "members" {
  security_group_id            = aws_security_group.this.id
  description                  = "From workers to the master"
  ip_protocol                  = "tcp"
  from_port                    = local.master_port
  to_port                      = local.master_port
  referenced_security_group_id = aws_security_group.this.id
}

resource "aws_vpc_security_group_egress_rule" "members" {
  security_group_id            = aws_security_group.this.id
  description                  = "From workers to the master"
  ip_protocol                  = "tcp"
  from_port                    = local.master_port
  to_port                      = local.master_port
  referenced_security_group_id = aws_security_group.this.id
}

resource "aws_vpc_security_group_egress_rule" "connection" {
  for_each = local.connections

  security_group_id            = aws_security_group.this.id
  description                  = "To ${each.key}: ${each.value.why}"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = each.value.group
}

resource "aws_vpc_security_group_ingress_rule" "connection" {
  for_each = local.connections

  security_group_id            = each.value.group
  description                  = "From load tests: ${each.value.why}"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = aws_security_group.this.id
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  security_group_id = aws_security_group.this.id
  description       = "To S3 through the gateway endpoint: image layers, the record"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  prefix_list_id    = data.aws_ec2_managed_prefix_list.s3.id
}

# A name for the master. Only services register themselves, and a service would start a load again that has ended: who
# starts the master registers its address (README.md).
resource "aws_service_discovery_private_dns_namespace" "this" {
  name        = "load.${var.name}.internal"
  description = "Members of a load test"
  vpc         = var.vpc_id
}

resource "aws_service_discovery_service" "master" {
  name         = "master"
  description  = "Where workers of a load test find its master"
  namespace_id = aws_service_discovery_private_dns_namespace.this.id

  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.this.id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }
}

locals {
  master_name = "${aws_service_discovery_service.master.name}.${aws_service_discovery_private_dns_namespace.this.name}"
}
