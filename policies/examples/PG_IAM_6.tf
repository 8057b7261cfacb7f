resource "aws_iam_policy" "own" {
  name   = "own"
  policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy_attachment" "own" {
  role       = "app"
  policy_arn = aws_iam_policy.own.arn
}

resource "aws_iam_role_policy_attachment" "made_for_one_service" {
  role       = "task-execution"
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy_attachment" "administrator" { # violates PG_IAM_6
  role       = "app"
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}

resource "aws_iam_group_policy_attachment" "power_user" { # violates PG_IAM_6
  group      = "developers"
  policy_arn = "arn:aws:iam::aws:policy/PowerUserAccess"
}

resource "aws_iam_policy_attachment" "all_of_s3" { # violates PG_IAM_6
  name       = "s3"
  roles      = ["app"]
  policy_arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
}

resource "aws_iam_role" "managed" { # violates PG_IAM_6
  assume_role_policy  = jsonencode({ Version = "2012-10-17", Statement = [] })
  managed_policy_arns = ["arn:aws:iam::aws:policy/job-function/SystemAdministrator", "arn:aws:iam::aws:policy/IAMFullAccess"]
}

resource "aws_iam_role" "attaches_nothing" {
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
