mock_provider "aws" {}

variables {
  name              = "example"
  monthly_limit_usd = 1000
  emails            = ["finance@example.com"]
  topic_arn         = "arn:aws:sns:ap-northeast-1:123456789012:example-alarms"
  tag_keys          = ["project"]
}

run "tells_of_real_and_of_expected_cost" {
  command = plan

  assert {
    condition     = toset(aws_budgets_budget.monthly.notification[*].notification_type) == toset(["ACTUAL", "FORECASTED"])
    error_message = "both kinds of notification"
  }
}

run "refuses_a_budget_that_is_silent_at_its_limit" {
  command = plan

  variables {
    actual_thresholds_percent = [50]
  }

  expect_failures = [var.actual_thresholds_percent]
}

run "refuses_a_budget_that_tells_nobody" {
  command = plan

  variables {
    emails = []
  }

  expect_failures = [var.emails]
}
