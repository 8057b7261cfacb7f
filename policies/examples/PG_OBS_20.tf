resource "aws_ecs_cluster" "main" {
  name = "main"
}

resource "aws_ecs_service" "api" {
  name    = "api"
  cluster = aws_ecs_cluster.main.arn
}

resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}

resource "aws_lb" "main" {
  name = "main"
}

resource "aws_cloudwatch_metric_alarm" "on_a_declared_service" {
  alarm_name          = "on-a-declared-service"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = aws_ecs_cluster.main.name, ServiceName = aws_ecs_service.api.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "on_a_declared_balancer" {
  alarm_name          = "on-a-declared-balancer"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = aws_lb.main.arn_suffix }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "on_a_name_written_out" {
  alarm_name          = "on-a-name-written-out"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "on_the_name_before_the_last_rename" { # violates PG_OBS_20
  alarm_name          = "on-the-name-before-the-last-rename"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = "jobs-old" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "on_a_service_of_another_cluster" { # violates PG_OBS_20
  alarm_name          = "on-a-service-of-another-cluster"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = "staging", ServiceName = aws_ecs_service.api.name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "on_a_balancer_by_name" { # violates PG_OBS_20
  alarm_name          = "on-a-balancer-by-name"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = "main" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "on_a_database_declared_elsewhere" { # undetermined PG_OBS_20
  alarm_name          = "on-a-database-declared-elsewhere"
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  dimensions          = { DBClusterIdentifier = "shared" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "on_a_metric_of_our_own" { # not-applicable PG_OBS_20
  alarm_name          = "on-a-metric-of-our-own"
  namespace           = "shop/orders"
  metric_name         = "Failed"
  dimensions          = { Kind = "card" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}
