resource "aws_networkfirewall_rule_group" "known" {
  name     = "known"
  type     = "STATEFUL"
  capacity = 10

  rule_group {
    rules_source {
      rules_string = "drop tcp any any -> any 23 (sid:1;)"
    }
  }
}

resource "aws_networkfirewall_firewall_policy" "looking" {
  name = "looking"

  firewall_policy {
    stateless_default_actions          = ["aws:forward_to_sfe"]
    stateless_fragment_default_actions = ["aws:drop"]

    stateful_rule_group_reference {
      resource_arn = aws_networkfirewall_rule_group.known.arn
    }
  }
}

resource "aws_networkfirewall_firewall_policy" "passing" { # violates PG_NET_18
  name = "passing"

  firewall_policy {
    stateless_default_actions          = ["aws:pass"]
    stateless_fragment_default_actions = ["aws:drop"]

    stateful_rule_group_reference {
      resource_arn = aws_networkfirewall_rule_group.known.arn
    }
  }
}

resource "aws_networkfirewall_firewall_policy" "passing_fragments" { # violates PG_NET_18
  name = "passing-fragments"

  firewall_policy {
    stateless_default_actions          = ["aws:drop"]
    stateless_fragment_default_actions = ["aws:pass"]

    stateful_rule_group_reference {
      resource_arn = aws_networkfirewall_rule_group.known.arn
    }
  }
}

resource "aws_networkfirewall_firewall_policy" "without_rules" { # violates PG_NET_18
  name = "without-rules"

  firewall_policy {
    stateless_default_actions          = ["aws:drop"]
    stateless_fragment_default_actions = ["aws:drop"]
  }
}

resource "aws_networkfirewall_rule_group" "of_packets" {
  name     = "packets"
  type     = "STATELESS"
  capacity = 10

  rule_group {
    rules_source {
      stateless_rules_and_custom_actions {
        stateless_rule {
          priority = 1
          rule_definition {
            actions = ["aws:drop"]
            match_attributes {
              source {
                address_definition = "192.0.2.0/24"
              }
            }
          }
        }
      }
    }
  }
}

resource "aws_networkfirewall_rule_group" "empty" { # violates PG_NET_18
  name     = "empty"
  type     = "STATELESS"
  capacity = 10
}
