locals {
  namespace = "AWS/ApiGateway"
}

resource "aws_apigatewayv2_api" "orders" {
  name          = "orders"
  protocol_type = "HTTP"
}

resource "aws_cloudwatch_metric_alarm" "on_what_http_apis_publish" {
  alarm_name          = "http"
  namespace           = local.namespace
  metric_name         = "5xx"
  dimensions          = { ApiId = aws_apigatewayv2_api.orders.id }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
}

resource "aws_cloudwatch_metric_alarm" "on_what_rest_apis_publish" { # violates PG_OBS_33
  alarm_name          = "rest"
  namespace           = local.namespace
  metric_name         = "5XXError"
  dimensions          = { ApiId = aws_apigatewayv2_api.orders.id }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
}

resource "aws_cloudwatch_metric_alarm" "on_a_mistyped_metric" { # violates PG_OBS_33
  alarm_name          = "mistyped"
  namespace           = "AWS/Lambda"
  metric_name         = "Error"
  dimensions          = { FunctionName = "orders" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
}

resource "aws_cloudwatch_metric_alarm" "on_all_queues_at_once" { # violates PG_OBS_33
  alarm_name          = "queues"
  namespace           = "AWS/SQS"
  metric_name         = "NumberOfMessagesSent"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 1
}

resource "aws_cloudwatch_metric_alarm" "on_a_metric_of_nobodys_list" { # undetermined PG_OBS_33
  alarm_name          = "new"
  namespace           = "AWS/Lambda"
  metric_name         = "Happiness"
  dimensions          = { FunctionName = "orders" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
}

resource "aws_cloudwatch_metric_alarm" "on_a_metric_of_its_own" { # not-applicable PG_OBS_33
  alarm_name          = "own"
  namespace           = "orders"
  metric_name         = "Refused"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
}

resource "aws_cloudwatch_dashboard" "of_published_metrics" {
  dashboard_name = "good"
  dashboard_body = jsonencode({
    widgets = [{ type = "metric", properties = { metrics = [["AWS/SQS", "NumberOfMessagesSent", "QueueName", "orders"]] } }]
  })
}

resource "aws_cloudwatch_dashboard" "of_a_mistyped_metric" { # violates PG_OBS_33
  dashboard_name = "bad"
  dashboard_body = jsonencode({
    widgets = [{ type = "metric", properties = { metrics = [["AWS/SQS", "NumberOfMessageSent", "QueueName", "orders"]] } }]
  })
}

resource "aws_cloudwatch_metric_alarm" "on_responses_of_targets" {
  alarm_name          = "targets"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { LoadBalancer = "app/main/0123456789abcdef", TargetGroup = "targetgroup/blue/0123456789abcdef" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
}

resource "aws_cloudwatch_metric_alarm" "on_a_balancers_own_responses_by_target_group" { # violates PG_OBS_33
  alarm_name          = "own"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_ELB_5XX_Count"
  dimensions          = { LoadBalancer = "app/main/0123456789abcdef", TargetGroup = "targetgroup/blue/0123456789abcdef" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
}

resource "aws_cloudwatch_metric_alarm" "on_healthy_hosts_of_no_target_group" { # violates PG_OBS_33
  alarm_name          = "healthy"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HealthyHostCount"
  dimensions          = { LoadBalancer = "app/main/0123456789abcdef" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
}

resource "aws_cloudwatch_metric_alarm" "on_a_distribution_without_its_region" { # violates PG_OBS_33
  alarm_name          = "edge"
  namespace           = "AWS/CloudFront"
  metric_name         = "5xxErrorRate"
  dimensions          = { DistributionId = "E1EXAMPLE" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
}

resource "aws_cloudwatch_metric_alarm" "on_a_service_without_its_cluster" { # violates PG_OBS_33
  alarm_name          = "tasks"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ServiceName = "api" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}
