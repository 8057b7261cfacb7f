# OBS-6. The services send traces through their collector sidecar; what is kept is decided here.

resource "aws_xray_encryption_config" "this" {
  type   = "KMS"
  key_id = var.logs_kms_key_arn
}

resource "aws_xray_sampling_rule" "requests" {
  rule_name      = substr("${var.name}-requests", 0, 32)
  priority       = 1000
  version        = 1
  reservoir_size = 1 # one a second in any case, so that quiet hours are not dark
  fixed_rate     = var.trace_sampling_rate
  url_path       = "*"
  host           = "*"
  http_method    = "*"
  service_type   = "*"
  service_name   = "*"
  resource_arn   = "*"
}

# The load balancer asks every few seconds; traces of that would drown the others.
resource "aws_xray_sampling_rule" "health_checks" {
  rule_name      = substr("${var.name}-health", 0, 32)
  priority       = 100
  version        = 1
  reservoir_size = 0
  fixed_rate     = 0
  url_path       = "*health*"
  host           = "*"
  http_method    = "GET"
  service_type   = "*"
  service_name   = "*"
  resource_arn   = "*"
}

resource "aws_xray_group" "beyond_objective" {
  group_name        = "${var.name}-beyond-objective"
  filter_expression = "fault = true OR responsetime >= ${var.slo.latency_p95_seconds}"

  insights_configuration {
    insights_enabled      = true
    notifications_enabled = true
  }
}
