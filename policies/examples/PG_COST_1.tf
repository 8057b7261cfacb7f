resource "aws_budgets_budget" "of_a_month" {
  name         = "of-a-month"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = "1000"
  limit_unit   = "USD"
}

resource "aws_budgets_budget" "of_a_year" { # violates PG_COST_1
  name         = "of-a-year"
  budget_type  = "COST"
  time_unit    = "ANNUALLY"
  limit_amount = "1000"
  limit_unit   = "USD"
}

resource "aws_budgets_budget" "without_a_limit" { # violates PG_COST_1
  name        = "without-a-limit"
  budget_type = "COST"
  time_unit   = "MONTHLY"
}

resource "aws_budgets_budget" "of_hours_rather_than_money" { # not-applicable PG_COST_1
  name         = "of-hours-rather-than-money"
  budget_type  = "USAGE"
  time_unit    = "MONTHLY"
  limit_amount = "100"
  limit_unit   = "Hrs"
}
