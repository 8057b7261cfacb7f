resource "aws_lb" "watched" {
  name = "watched"
}

resource "aws_cloudwatch_metric_alarm" "watched" {
  alarm_name          = "watched"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
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
      dimensions  = { LoadBalancer = aws_lb.watched.arn_suffix }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "balancer"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_ELB_5XX_Count"
      dimensions  = { LoadBalancer = aws_lb.watched.arn_suffix }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = { LoadBalancer = aws_lb.watched.arn_suffix }
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_lb" "watched_by_two_alarms" {
  name = "watched-by-two-alarms"
}

resource "aws_cloudwatch_metric_alarm" "targets" {
  alarm_name          = "targets"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.1

  metric_query {
    id          = "rate"
    expression  = "100 * target / requests"
    return_data = true
  }

  metric_query {
    id = "target"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = aws_lb.watched_by_two_alarms.arn_suffix }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = { LoadBalancer = aws_lb.watched_by_two_alarms.arn_suffix }
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "balancer" {
  alarm_name          = "balancer"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.1

  metric_query {
    id          = "rate"
    expression  = "IF(requests > 0, 100 * balancer / requests, 0)"
    return_data = true
  }

  metric_query {
    id = "balancer"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_ELB_5XX_Count"
      dimensions  = { LoadBalancer = aws_lb.watched_by_two_alarms.arn_suffix }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = { LoadBalancer = aws_lb.watched_by_two_alarms.arn_suffix }
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_lb" "without_an_alarm" { # violates PG_OBS_8
  name = "without-an-alarm"
}

resource "aws_lb" "with_an_alarm_on_its_targets_only" { # violates PG_OBS_8
  name = "with-an-alarm-on-its-targets-onl"
}

resource "aws_cloudwatch_metric_alarm" "targets_only" {
  alarm_name          = "targets-only"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.1

  metric_query {
    id          = "rate"
    expression  = "100 * target / requests"
    return_data = true
  }

  metric_query {
    id = "target"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = aws_lb.with_an_alarm_on_its_targets_only.arn_suffix }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = { LoadBalancer = aws_lb.with_an_alarm_on_its_targets_only.arn_suffix }
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_lb" "with_an_alarm_on_a_count" { # violates PG_OBS_8
  name = "with-an-alarm-on-a-count"
}

resource "aws_cloudwatch_metric_alarm" "count" {
  alarm_name          = "count"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { LoadBalancer = aws_lb.with_an_alarm_on_a_count.arn_suffix }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 10
}

resource "aws_lb" "with_an_alarm_on_a_sum" { # violates PG_OBS_8
  name = "with-an-alarm-on-a-sum"
}

resource "aws_cloudwatch_metric_alarm" "sum" {
  alarm_name          = "sum"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 10

  metric_query {
    id          = "rate"
    expression  = "target + balancer + 0 * requests"
    return_data = true
  }

  metric_query {
    id = "target"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_Target_5XX_Count"
      dimensions  = { LoadBalancer = aws_lb.with_an_alarm_on_a_sum.arn_suffix }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "balancer"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_ELB_5XX_Count"
      dimensions  = { LoadBalancer = aws_lb.with_an_alarm_on_a_sum.arn_suffix }
      stat        = "Sum"
      period      = 60
    }
  }

  metric_query {
    id = "requests"

    metric {
      namespace   = "AWS/ApplicationELB"
      metric_name = "RequestCount"
      dimensions  = { LoadBalancer = aws_lb.with_an_alarm_on_a_sum.arn_suffix }
      stat        = "Sum"
      period      = 60
    }
  }
}

resource "aws_lb" "of_the_network_kind" { # not-applicable PG_OBS_8
  name               = "of-the-network-kind"
  load_balancer_type = "network"
}

resource "aws_alb" "by_its_other_name" { # violates PG_OBS_8
  name = "by-its-other-name"
}
