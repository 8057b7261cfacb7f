resource "aws_sns_topic" "heard" {
  name = "heard"
}

resource "aws_sns_topic_subscription" "heard" {
  topic_arn = aws_sns_topic.heard.arn
  protocol  = "email"
  endpoint  = "on-call@example.com"
}

resource "aws_sns_topic" "unheard" {
  name = "unheard"
}

resource "aws_budgets_budget" "that_warns_in_time" {
  name         = "that-warns-in-time"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = "1000"
  limit_unit   = "USD"

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "ACTUAL"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["finance@example.com"]
  }

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["finance@example.com"]
  }
}

resource "aws_budgets_budget" "that_warns_through_a_topic" {
  name         = "that-warns-through-a-topic"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = "1000"
  limit_unit   = "USD"

  notification {
    comparison_operator       = "GREATER_THAN"
    notification_type         = "ACTUAL"
    threshold                 = 80
    threshold_type            = "PERCENTAGE"
    subscriber_sns_topic_arns = [aws_sns_topic.heard.arn]
  }

  notification {
    comparison_operator       = "GREATER_THAN"
    notification_type         = "FORECASTED"
    threshold                 = 100
    threshold_type            = "PERCENTAGE"
    subscriber_sns_topic_arns = [aws_sns_topic.heard.arn]
  }
}

resource "aws_budgets_budget" "that_warns_at_a_sum" {
  name         = "that-warns-at-a-sum"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = "1000"
  limit_unit   = "USD"

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "ACTUAL"
    threshold                  = 800
    threshold_type             = "ABSOLUTE_VALUE"
    subscriber_email_addresses = ["finance@example.com"]
  }

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = 1000
    threshold_type             = "ABSOLUTE_VALUE"
    subscriber_email_addresses = ["finance@example.com"]
  }
}

resource "aws_budgets_budget" "that_warns_when_the_money_is_gone" { # violates PG_COST_2
  name         = "that-warns-when-the-money-is-gone"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = "1000"
  limit_unit   = "USD"

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "ACTUAL"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["finance@example.com"]
  }

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["finance@example.com"]
  }
}

resource "aws_budgets_budget" "without_a_forecast" { # violates PG_COST_2
  name         = "without-a-forecast"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = "1000"
  limit_unit   = "USD"

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "ACTUAL"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["finance@example.com"]
  }
}

resource "aws_budgets_budget" "that_warns_a_topic_without_subscriber" { # violates PG_COST_2
  name         = "that-warns-a-topic-without-subscriber"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = "1000"
  limit_unit   = "USD"

  notification {
    comparison_operator       = "GREATER_THAN"
    notification_type         = "ACTUAL"
    threshold                 = 80
    threshold_type            = "PERCENTAGE"
    subscriber_sns_topic_arns = [aws_sns_topic.unheard.arn]
  }

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["finance@example.com"]
  }
}

resource "aws_budgets_budget" "that_warns_of_spending_too_little" { # violates PG_COST_2
  name         = "that-warns-of-spending-too-little"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = "1000"
  limit_unit   = "USD"

  notification {
    comparison_operator        = "LESS_THAN"
    notification_type          = "ACTUAL"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["finance@example.com"]
  }

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = ["finance@example.com"]
  }
}

resource "aws_budgets_budget" "without_notices" { # violates PG_COST_2
  name         = "without-notices"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = "1000"
  limit_unit   = "USD"
}

resource "aws_budgets_budget" "of_hours_rather_than_money" { # not-applicable PG_COST_2
  name         = "of-hours-rather-than-money"
  budget_type  = "USAGE"
  time_unit    = "MONTHLY"
  limit_amount = "1000"
  limit_unit   = "USD"
}
