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

resource "aws_ce_anomaly_monitor" "that_writes_a_mail" {
  name              = "that-writes-a-mail"
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
}

resource "aws_ce_anomaly_subscription" "that_writes_a_mail" {
  name             = "that-writes-a-mail"
  frequency        = "DAILY"
  monitor_arn_list = [aws_ce_anomaly_monitor.that_writes_a_mail.arn]

  subscriber {
    type    = "EMAIL"
    address = "finance@example.com"
  }
}

resource "aws_ce_anomaly_monitor" "that_tells_a_topic" {
  name              = "that-tells-a-topic"
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
}

resource "aws_ce_anomaly_subscription" "that_tells_a_topic" {
  name             = "that-tells-a-topic"
  frequency        = "IMMEDIATE"
  monitor_arn_list = [aws_ce_anomaly_monitor.that_tells_a_topic.arn]

  subscriber {
    type    = "SNS"
    address = aws_sns_topic.heard.arn
  }
}

resource "aws_ce_anomaly_monitor" "that_tells_a_topic_without_subscriber" { # violates PG_COST_3
  name              = "that-tells-a-topic-without-subscriber"
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
}

resource "aws_ce_anomaly_subscription" "that_tells_a_topic_without_subscriber" {
  name             = "that-tells-a-topic-without-subscriber"
  frequency        = "IMMEDIATE"
  monitor_arn_list = [aws_ce_anomaly_monitor.that_tells_a_topic_without_subscriber.arn]

  subscriber {
    type    = "SNS"
    address = aws_sns_topic.unheard.arn
  }
}

resource "aws_ce_anomaly_monitor" "without_a_subscription" { # violates PG_COST_3
  name              = "without-a-subscription"
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
}
