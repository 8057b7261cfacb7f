variable "rotate" { type = bool }

resource "aws_kms_key" "rotates" {
  enable_key_rotation = true
}

resource "aws_kms_key" "not_by_default" { # violates PG_ENC_5
  description = "rotation was forgotten"
}

resource "aws_kms_key" "switched_off" { # violates PG_ENC_5
  enable_key_rotation = false
}

resource "aws_kms_key" "for_signatures" { # not-applicable PG_ENC_5
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
}

resource "aws_kms_key" "decided_at_apply" { # undetermined PG_ENC_5
  enable_key_rotation = var.rotate
}

resource "aws_kms_key" "disabled" { # not-applicable PG_ENC_5
  is_enabled = false
}
