resource "aws_ecs_cluster" "main" {
  name = "main"
}

resource "aws_ecs_service" "watched" {
  name    = "watched"
  cluster = aws_ecs_cluster.main.arn
}

resource "aws_cloudwatch_metric_alarm" "watched" {
  alarm_name          = "watched"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = aws_ecs_cluster.main.name, ServiceName = aws_ecs_service.watched.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_ecs_service" "watched_inside_an_expression" {
  name    = "watched-inside-an-expression"
  cluster = aws_ecs_cluster.main.arn
}

resource "aws_cloudwatch_metric_alarm" "watched_inside_an_expression" {
  alarm_name          = "watched-inside-an-expression"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80

  metric_query {
    id          = "use"
    expression  = "FILL(m1, 0)"
    return_data = true
  }

  metric_query {
    id = "m1"

    metric {
      namespace   = "AWS/ECS"
      metric_name = "CPUUtilization"
      dimensions  = { ClusterName = aws_ecs_cluster.main.name, ServiceName = aws_ecs_service.watched_inside_an_expression.name }
      stat        = "Average"
      period      = 60
    }
  }
}

resource "aws_ecs_service" "without_an_alarm" { # violates PG_OBS_1
  name    = "without-an-alarm"
  cluster = aws_ecs_cluster.main.arn
}

resource "aws_ecs_service" "with_an_alarm_on_another_metric" { # violates PG_OBS_1
  name    = "with-an-alarm-on-another-metric"
  cluster = aws_ecs_cluster.main.arn
}

resource "aws_cloudwatch_metric_alarm" "another_metric" {
  alarm_name          = "another-metric"
  namespace           = "AWS/ECS"
  metric_name         = "MemoryUtilization"
  dimensions          = { ClusterName = aws_ecs_cluster.main.name, ServiceName = aws_ecs_service.with_an_alarm_on_another_metric.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_ecs_service" "with_an_alarm_that_lacks_a_dimension" { # violates PG_OBS_1
  name    = "with-an-alarm-that-lacks-a-dimension"
  cluster = aws_ecs_cluster.main.arn
}

resource "aws_cloudwatch_metric_alarm" "lacks_a_dimension" {
  alarm_name          = "lacks-a-dimension"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ServiceName = aws_ecs_service.with_an_alarm_that_lacks_a_dimension.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_ecs_service" "with_an_alarm_that_fires_when_idle" { # violates PG_OBS_1
  name    = "with-an-alarm-that-fires-when-idle"
  cluster = aws_ecs_cluster.main.arn
}

resource "aws_cloudwatch_metric_alarm" "fires_when_idle" {
  alarm_name          = "fires-when-idle"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = aws_ecs_cluster.main.name, ServiceName = aws_ecs_service.with_an_alarm_that_fires_when_idle.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 5
}
