mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  name                   = "example"
  domain_name            = "example.com"
  load_balancer          = { arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/x/1", dns_name = "x.elb.amazonaws.com" }
  global_kms_key_arn     = "arn:aws:kms:us-east-1:123456789012:key/edge"
  access_log_bucket      = "example-access-logs"
  alarm_topic_arn        = "arn:aws:sns:ap-northeast-1:123456789012:example-alarms"
  global_alarm_topic_arn = "arn:aws:sns:us-east-1:123456789012:example-alarms"
  security_contact_email = "security@example.com"
}

run "refuses_a_price_class_without_japan" {
  command = plan

  variables {
    price_class = "PriceClass_100"
  }

  expect_failures = [var.price_class]
}

run "refuses_old_tls" {
  command = plan

  variables {
    minimum_tls_version = "TLSv1"
  }

  expect_failures = [var.minimum_tls_version]
}

run "refuses_a_key_of_another_region" {
  command = plan

  variables {
    global_kms_key_arn = "arn:aws:kms:ap-northeast-1:123456789012:key/edge"
  }

  expect_failures = [var.global_kms_key_arn]
}

run "refuses_scripts_from_everywhere" {
  command = plan

  variables {
    content_security_policy = "default-src 'self'; script-src *"
  }

  expect_failures = [var.content_security_policy]
}
