output "alarm_topic_arn" {
  description = "ARN of the topic that every alarm and event goes to."
  value       = aws_sns_topic.alarms.arn

  # Whoever is given the topic may publish at once.
  depends_on = [aws_sns_topic_policy.alarms]
}

output "global_alarm_topic_arn" {
  description = "ARN of the alarm topic in us-east-1."
  value       = aws_sns_topic.global_alarms.arn

  depends_on = [aws_sns_topic_policy.global_alarms]
}

output "rollback_alarm_names" {
  description = "Names of the alarms that roll a deployment back: one composite of everything that users feel."
  value       = [aws_cloudwatch_composite_alarm.release.alarm_name]
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "canary_name" {
  description = "Name of the synthetic canary."
  value       = aws_synthetics_canary.visitor.name
}
