resource "aws_sqs_queue" "undelivered" {
  name = "undelivered"
}

resource "aws_cloudwatch_event_target" "kept" {
  rule = "orders"
  arn  = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }
}

resource "aws_cloudwatch_event_target" "dropped" { # violates PG_PIPE_14
  rule = "orders"
  arn  = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
}

resource "aws_scheduler_schedule" "kept" {
  name                = "kept"
  schedule_expression = "rate(1 day)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    role_arn = "arn:aws:iam::123456789012:role/scheduler"
    dead_letter_config {
      arn = aws_sqs_queue.undelivered.arn
    }
  }
}

resource "aws_scheduler_schedule" "dropped" { # violates PG_PIPE_14
  name                = "dropped"
  schedule_expression = "rate(1 day)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    role_arn = "arn:aws:iam::123456789012:role/scheduler"
  }
}
