resource "aws_iam_role" "may_trace" {
  name = "may-trace"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "may_trace" {
  role = aws_iam_role.may_trace.name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], Resource = "*" }]
  })
}

resource "aws_iam_role" "may_not_trace" {
  name = "may-not-trace"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "may_not_trace" {
  role = aws_iam_role.may_not_trace.name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject"], Resource = "*" }]
  })
}

resource "aws_iam_role" "has_the_policy_of_aws" {
  name = "has-the-policy-of-aws"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "has_the_policy_of_aws" {
  role       = aws_iam_role.has_the_policy_of_aws.name
  policy_arn = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
}

resource "aws_ecs_task_definition" "that_traces" {
  family        = "that-traces"
  task_role_arn = aws_iam_role.may_trace.arn

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
    {
      name             = "traces"
      image            = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.1"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_service" "that_traces" {
  name            = "that-traces"
  task_definition = aws_ecs_task_definition.that_traces.arn
}

resource "aws_ecs_task_definition" "that_traces_with_the_policy_of_aws" {
  family        = "that-traces-with-the-policy-of-aws"
  task_role_arn = aws_iam_role.has_the_policy_of_aws.arn

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
    {
      name             = "xray"
      image            = "public.ecr.aws/xray/aws-xray-daemon:3.3.14"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_service" "that_traces_with_the_policy_of_aws" {
  name            = "that-traces-with-the-policy-of-aws"
  task_definition = aws_ecs_task_definition.that_traces_with_the_policy_of_aws.arn
}

resource "aws_ecs_task_definition" "that_keeps_its_traces" { # violates PG_OBS_25
  family        = "that-keeps-its-traces"
  task_role_arn = aws_iam_role.may_trace.arn

  container_definitions = jsonencode([
    {
      name        = "traces"
      image       = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.1"
      environment = [{ name = "AOT_CONFIG_CONTENT", value = "service:\n  pipelines:\n    traces:\n      receivers: [otlp]\n      exporters: [debug]\n" }]
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_service" "that_keeps_its_traces" {
  name            = "that-keeps-its-traces"
  task_definition = aws_ecs_task_definition.that_keeps_its_traces.arn
}

resource "aws_ecs_task_definition" "that_sends_its_metrics_alone" { # violates PG_OBS_25
  family        = "that-sends-its-metrics-alone"
  task_role_arn = aws_iam_role.may_trace.arn

  container_definitions = jsonencode([
    {
      name        = "traces"
      image       = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.1"
      environment = [{ name = "AOT_CONFIG_CONTENT", value = "service:\n  pipelines:\n    traces/of-all:\n      receivers: [otlp]\n      exporters:\n        - debug\n    metrics:\n      exporters: [otlp]\n" }]
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_service" "that_sends_its_metrics_alone" {
  name            = "that-sends-its-metrics-alone"
  task_definition = aws_ecs_task_definition.that_sends_its_metrics_alone.arn
}

resource "aws_ecs_task_definition" "without_a_collector" { # violates PG_OBS_25
  family        = "without-a-collector"
  task_role_arn = aws_iam_role.may_trace.arn

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_service" "without_a_collector" {
  name            = "without-a-collector"
  task_definition = aws_ecs_task_definition.without_a_collector.arn
}

resource "aws_ecs_task_definition" "whose_role_may_not_send" { # violates PG_OBS_25
  family        = "whose-role-may-not-send"
  task_role_arn = aws_iam_role.may_not_trace.arn

  container_definitions = jsonencode([
    {
      name             = "app"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
    {
      name             = "traces"
      image            = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.1"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}

resource "aws_ecs_service" "whose_role_may_not_send" {
  name            = "whose-role-may-not-send"
  task_definition = aws_ecs_task_definition.whose_role_may_not_send.arn
}

resource "aws_ecs_task_definition" "of_a_one_time_task" { # not-applicable PG_OBS_25
  family        = "of-a-one-time-task"
  task_role_arn = aws_iam_role.may_not_trace.arn

  container_definitions = jsonencode([
    {
      name             = "migrate"
      image            = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"
      logConfiguration = { logDriver = "awslogs", options = { "awslogs-group" = "app", "awslogs-region" = "ap-northeast-1", "awslogs-stream-prefix" = "app" } }
    },
  ])
}
