resource "aws_lb" "watched_whole" {
  name = "watched-whole"
}

resource "aws_lb" "watched_in_parts" {
  name = "watched-in-parts"
}

resource "aws_lb_target_group" "behind_a_watched_balancer" {
  name     = "behind-a-watched-balancer"
  port     = 8080
  protocol = "HTTP"
}

resource "aws_lb_listener" "whole" {
  load_balancer_arn = aws_lb.watched_whole.arn
  port              = 443

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.behind_a_watched_balancer.arn
  }
}

resource "aws_cloudwatch_metric_alarm" "whole" {
  alarm_name          = "whole"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = aws_lb.watched_whole.arn_suffix }
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.2
}

resource "aws_lb_target_group" "blue" {
  name     = "blue"
  port     = 8080
  protocol = "HTTP"
}

resource "aws_cloudwatch_metric_alarm" "blue" {
  alarm_name          = "blue"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = aws_lb.watched_in_parts.arn_suffix, TargetGroup = aws_lb_target_group.blue.arn_suffix }
  extended_statistic  = "p95"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.2
}

resource "aws_lb_listener" "parts" {
  load_balancer_arn = aws_lb.watched_in_parts.arn
  port              = 443

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.blue.arn
  }
}

resource "aws_lb_target_group" "the_other_colour_without_an_alarm" { # violates PG_OBS_6
  name     = "the-other-colour-without-an-alar"
  port     = 8080
  protocol = "HTTP"
}

resource "aws_lb_target_group" "with_an_alarm_on_the_average" { # violates PG_OBS_6
  name     = "with-an-alarm-on-the-average"
  port     = 8080
  protocol = "HTTP"
}

resource "aws_cloudwatch_metric_alarm" "average" {
  alarm_name          = "average"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = aws_lb.watched_in_parts.arn_suffix, TargetGroup = aws_lb_target_group.with_an_alarm_on_the_average.arn_suffix }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.2
}

resource "aws_lb_target_group" "with_an_alarm_on_the_median" { # violates PG_OBS_6
  name     = "with-an-alarm-on-the-median"
  port     = 8080
  protocol = "HTTP"
}

resource "aws_cloudwatch_metric_alarm" "median" {
  alarm_name          = "median"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = aws_lb.watched_in_parts.arn_suffix, TargetGroup = aws_lb_target_group.with_an_alarm_on_the_median.arn_suffix }
  extended_statistic  = "p50"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.2
}

resource "aws_lb_target_group" "of_a_network_balancer" { # not-applicable PG_OBS_6
  name     = "of-a-network-balancer"
  port     = 5432
  protocol = "TCP"
}
