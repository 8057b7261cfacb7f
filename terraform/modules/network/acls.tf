# A second wall behind the security groups, coarse on purpose: it holds when somebody opens a group by mistake. ACLs
# keep no state, so answers come in on the ports that callers call from: 1024 to 65535 for NAT gateways and functions.

locals {
  caller_ports = { from = 1024, to = 65535 }
  database     = values(local.database_cidrs)
  private      = values(local.private_cidrs)

  acl_rules = {
    public = {
      subnets = aws_subnet.public
      ingress = concat(
        [for cidr in local.private : { protocol = "tcp", cidr = cidr, from = 443, to = 443 }],
        [{ protocol = "tcp", cidr = "0.0.0.0/0", from = local.caller_ports.from, to = local.caller_ports.to }],
      )
      egress = concat(
        [{ protocol = "tcp", cidr = "0.0.0.0/0", from = 443, to = 443 }],
        [for cidr in local.private : { protocol = "tcp", cidr = cidr, from = local.caller_ports.from, to = local.caller_ports.to }],
      )
    }
    private = {
      subnets = aws_subnet.private
      ingress = concat(
        [for cidr in local.private : { protocol = "tcp", cidr = cidr, from = 443, to = 443 }],
        [{ protocol = "tcp", cidr = "0.0.0.0/0", from = local.caller_ports.from, to = local.caller_ports.to }],
      )
      # The range takes in the ports of tasks, of Airflow's members, and of the database.
      egress = concat(
        [{ protocol = "tcp", cidr = "0.0.0.0/0", from = 443, to = 443 }],
        [for cidr in concat(local.private, local.database) : { protocol = "tcp", cidr = cidr, from = local.caller_ports.from, to = local.caller_ports.to }],
      )
    }
    database = {
      subnets = aws_subnet.database
      ingress = [for cidr in local.private : { protocol = "tcp", cidr = cidr, from = var.ports.database, to = var.ports.database }]
      egress  = [for cidr in local.private : { protocol = "tcp", cidr = cidr, from = local.caller_ports.from, to = local.caller_ports.to }]
    }
  }
}

# Holds for subnets that are associated with no other: without rules, nothing passes.
resource "aws_default_network_acl" "this" {
  default_network_acl_id = aws_vpc.this.default_network_acl_id

  tags = { Name = "${var.name}-unused" }
}

resource "aws_network_acl" "this" {
  for_each = local.acl_rules

  vpc_id     = aws_vpc.this.id
  subnet_ids = [for subnet in each.value.subnets : subnet.id]

  tags = { Name = "${var.name}-${each.key}" }
}

locals {
  acl_entries = merge([
    for tier, rules in local.acl_rules : merge([
      for direction in ["ingress", "egress"] : {
        for index, rule in rules[direction] :
        "${tier}-${direction}-${100 + 10 * index}" => merge(rule, { tier = tier, egress = direction == "egress", number = 100 + 10 * index })
      }
    ]...)
  ]...)
}

resource "aws_network_acl_rule" "this" {
  for_each = local.acl_entries

  network_acl_id = aws_network_acl.this[each.value.tier].id
  egress         = each.value.egress
  rule_number    = each.value.number
  rule_action    = "allow"
  protocol       = each.value.protocol
  cidr_block     = each.value.cidr
  from_port      = each.value.from
  to_port        = each.value.to
}
