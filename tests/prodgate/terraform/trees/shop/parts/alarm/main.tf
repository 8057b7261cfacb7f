variable "name" { type = string }
variable "topics" { type = list(string) }
variable "alarm" {
  type = object({
    metric    = string
    threshold = number
    periods   = optional(number, 1)
  })
}

resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_name          = var.name
  namespace           = "AWS/ApplicationELB"
  metric_name         = var.alarm.metric
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.alarm.threshold
  evaluation_periods  = var.alarm.periods
  period              = 60
  statistic           = "Average"
  alarm_actions       = var.topics
}
