variable "document" { type = string }

resource "aws_iam_policy" "listed_actions_and_reading_verbs" {
  name = "listed"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:GetObject*", "s3:List*", "sqs:SendMessage*"], Resource = "arn:aws:s3:::news/*" },
      { Effect = "Deny", Action = "*", Resource = "*" },
    ]
  })
}

data "aws_iam_policy_document" "every_action" {
  statement {
    actions   = ["*"]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "every_action_by_a_data_source" { # violates PG_IAM_1
  name   = "admin"
  policy = data.aws_iam_policy_document.every_action.json
}

resource "aws_iam_role_policy" "every_action_of_a_service" { # violates PG_IAM_1
  role = "app"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = { Effect = "Allow", Action = "s3:*", Resource = "arn:aws:s3:::news/*" }
  })
}

resource "aws_iam_role_policy" "abbreviated_writing" { # violates PG_IAM_1
  role = "app"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "s3:Put*"], Resource = "arn:aws:s3:::news/*" }]
  })
}

resource "aws_iam_role_policy" "writing_that_opens_by_acl" { # violates PG_IAM_1
  role = "app"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:PutObject*"], Resource = "arn:aws:s3:::news/*" }]
  })
}

resource "aws_iam_role_policy" "deleting_of_versions" { # violates PG_IAM_1
  role = "app"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:DeleteObject*"], Resource = "arn:aws:s3:::news/*" }]
  })
}

resource "aws_iam_group_policy" "everything_but" { # violates PG_IAM_1
  group = "developers"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", NotAction = "iam:*", Resource = "*" }]
  })
}

resource "aws_iam_role" "inline" { # violates PG_IAM_1
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
  inline_policy {
    name = "wide"
    policy = jsonencode({
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Action = "dynamodb:*", Resource = "*" }]
    })
  }
}

resource "aws_iam_policy" "known_at_apply" { # undetermined PG_IAM_1
  name   = "later"
  policy = var.document
}
