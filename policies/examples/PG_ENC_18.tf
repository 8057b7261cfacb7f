resource "aws_ses_configuration_set" "by_tls" {
  name = "by-tls"
  delivery_options {
    tls_policy = "Require"
  }
}

resource "aws_sesv2_configuration_set" "by_tls" {
  configuration_set_name = "by-tls"
  delivery_options {
    tls_policy = "REQUIRE"
  }
}

resource "aws_ses_configuration_set" "where_offered" { # violates PG_ENC_18
  name = "where-offered"
  delivery_options {
    tls_policy = "Optional"
  }
}

resource "aws_sesv2_configuration_set" "left_at_the_default" { # violates PG_ENC_18
  configuration_set_name = "left-at-the-default"
}
