resource "aws_ecs_cluster" "main" {
  name = "main"
}

resource "aws_ecs_service" "api" {
  name    = "api"
  cluster = aws_ecs_cluster.main.arn
}

resource "aws_cloudwatch_dashboard" "of_what_exists" {
  dashboard_name = "of-what-exists"

  dashboard_body = jsonencode({
    widgets = [
      {
        type = "metric"
        properties = {
          metrics = [
            ["AWS/ECS", "CPUUtilization", "ClusterName", "main", "ServiceName", "api"],
            [".", "MemoryUtilization", ".", ".", ".", "."],
            [{ expression = "m1 + m2", label = "both" }],
          ]
        }
      },
    ]
  })
}

resource "aws_cloudwatch_dashboard" "of_a_service_that_was_renamed" { # violates PG_OBS_28
  dashboard_name = "of-a-service-that-was-renamed"

  dashboard_body = jsonencode({
    widgets = [
      {
        type = "metric"
        properties = {
          metrics = [
            ["AWS/ECS", "CPUUtilization", "ClusterName", "main", "ServiceName", "api-old"],
          ]
        }
      },
    ]
  })
}

resource "aws_cloudwatch_dashboard" "of_a_service_repeated_wrongly" { # violates PG_OBS_28
  dashboard_name = "of-a-service-repeated-wrongly"

  dashboard_body = jsonencode({
    widgets = [
      {
        type = "metric"
        properties = {
          metrics = [
            ["AWS/ECS", "CPUUtilization", "ClusterName", "main", "ServiceName", "api"],
            ["...", "gone"],
          ]
        }
      },
    ]
  })
}
