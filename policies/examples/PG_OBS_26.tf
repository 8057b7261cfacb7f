resource "aws_cloudwatch_dashboard" "that_shows_something" {
  dashboard_name = "that-shows-something"

  dashboard_body = jsonencode({
    widgets = [
      {
        type = "metric"
        properties = {
          metrics = [
            ["AWS/ECS", "CPUUtilization", "ClusterName", "main", "ServiceName", "api"],
          ]
        }
      },
    ]
  })
}

resource "aws_cloudwatch_dashboard" "without_widgets" { # violates PG_OBS_26
  dashboard_name = "without-widgets"

  dashboard_body = jsonencode({
    widgets = [
    ]
  })
}

resource "aws_cloudwatch_dashboard" "of_headings_only" { # violates PG_OBS_26
  dashboard_name = "of-headings-only"

  dashboard_body = jsonencode({
    widgets = [
      { type = "text", properties = { markdown = "# Production" } },
    ]
  })
}
