resource "aws_networkfirewall_firewall" "kept" {
  name                     = "kept"
  firewall_policy_arn      = "arn:aws:network-firewall:ap-northeast-1:111122223333:firewall-policy/p"
  vpc_id                   = "vpc-1"
  subnet_change_protection = true

  subnet_mapping {
    subnet_id = "subnet-1"
  }
}

resource "aws_networkfirewall_firewall" "left_at_the_default" { # violates PG_REC_12
  name                = "default"
  firewall_policy_arn = "arn:aws:network-firewall:ap-northeast-1:111122223333:firewall-policy/p"
  vpc_id              = "vpc-1"

  subnet_mapping {
    subnet_id = "subnet-1"
  }
}
