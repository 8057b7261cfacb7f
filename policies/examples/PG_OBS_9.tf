variable "later" {
  type = string
}

resource "aws_cloudwatch_metric_alarm" "in_percent_at_the_objective" {
  alarm_name          = "in-percent-at-the-objective"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 0.1

  metric_query {
    id          = "rate"
    expression  = "100 * (FILL(target, 0) + FILL(balancer, 0)) / requests"
    return_data = true
  }

  metric_query {
    id = "target"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "balancer"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_ELB_5XX_Count"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "as_a_share_at_the_objective" {
  alarm_name          = "as-a-share-at-the-objective"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.001

  metric_query {
    id          = "rate"
    expression  = "(target + balancer) / (requests + balancer)"
    return_data = true
  }

  metric_query {
    id = "target"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "balancer"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_ELB_5XX_Count"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "in_percent_ten_times_the_objective" { # violates PG_OBS_9
  alarm_name          = "in-percent-ten-times-the-objective"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1

  metric_query {
    id          = "rate"
    expression  = "100 * (FILL(target, 0) + FILL(balancer, 0)) / requests"
    return_data = true
  }

  metric_query {
    id = "target"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "balancer"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_ELB_5XX_Count"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "a_percentage_compared_with_a_share" { # violates PG_OBS_9
  alarm_name          = "a-percentage-compared-with-a-share"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.1

  metric_query {
    id          = "rate"
    expression  = "(target + balancer) / requests"
    return_data = true
  }

  metric_query {
    id = "target"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "balancer"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_ELB_5XX_Count"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "threshold_decided_later" { # undetermined PG_OBS_9
  alarm_name          = "threshold-decided-later"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.later

  metric_query {
    id          = "rate"
    expression  = "100 * (FILL(target, 0) + FILL(balancer, 0)) / requests"
    return_data = true
  }

  metric_query {
    id = "target"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "balancer"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_ELB_5XX_Count"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "an_expression_that_is_not_understood" { # undetermined PG_OBS_9
  alarm_name          = "an-expression-that-is-not-understood"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.1

  metric_query {
    id          = "rate"
    expression  = "ANOMALY_DETECTION_BAND(target, 2) + requests"
    return_data = true
  }

  metric_query {
    id = "target"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "a_sum_of_errors" { # not-applicable PG_OBS_9
  alarm_name          = "a-sum-of-errors"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 10

  metric_query {
    id          = "rate"
    expression  = "target + balancer"
    return_data = true
  }

  metric_query {
    id = "target"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "balancer"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_ELB_5XX_Count"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = { LoadBalancer = "app/main/0123456789abcdef" }
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "a_count" { # not-applicable PG_OBS_9
  alarm_name          = "a-count"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { LoadBalancer = "app/main/0123456789abcdef" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 10
}
