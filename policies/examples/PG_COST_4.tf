resource "aws_sqs_queue" "with_both_tags" {
  name = "with-both-tags"

  tags = {
    System      = "shop"
    Environment = "production"
  }
}

resource "aws_sqs_queue" "with_tags_of_another_name" {
  name = "with-tags-of-another-name"

  tags = {
    Project = "shop"
    Stage   = "production"
  }
}

resource "aws_sqs_queue" "without_tags" { # violates PG_COST_4
  name = "without-tags"
}

resource "aws_sqs_queue" "without_an_environment" { # violates PG_COST_4
  name = "without-an-environment"

  tags = {
    System = "shop"
  }
}

resource "aws_sqs_queue" "with_tags_that_say_something_else" { # violates PG_COST_4
  name = "with-tags-that-say-something-else"

  tags = {
    Owner  = "me"
    Colour = "red"
  }
}
