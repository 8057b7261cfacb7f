resource "aws_sqs_queue" "kept_for_two_weeks" {
  name                      = "kept-for-two-weeks"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue" "left_at_the_default_of_four_days" { # violates PG_PIPE_10
  name = "left-at-the-default-of-four-days"
}

resource "aws_sqs_queue" "kept_for_a_week" { # violates PG_PIPE_10
  name                      = "kept-for-a-week"
  message_retention_seconds = 604800
}

resource "aws_sqs_queue" "work_1" { # not-applicable PG_PIPE_10
  name = "work-1"

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.kept_for_two_weeks.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "work_2" { # not-applicable PG_PIPE_10
  name = "work-2"

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.left_at_the_default_of_four_days.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue" "work_3" { # not-applicable PG_PIPE_10
  name = "work-3"

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.kept_for_a_week.arn
    maxReceiveCount     = 5
  })
}
