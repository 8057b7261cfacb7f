# OBS-7. One screen, users first: what they feel, then what carries it, then the pipeline.

locals {
  widgets = [
    {
      title = "Response time p95 (s)", region = local.region, stat = "p95", view = "timeSeries"
      limit = var.slo.latency_p95_seconds
      metrics = concat(
        [["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.load_balancer_arn_suffix, { label = "all" }]],
        [for key, suffix in var.target_group_arn_suffixes : ["AWS/ApplicationELB", "TargetResponseTime", "TargetGroup", suffix, "LoadBalancer", var.load_balancer_arn_suffix, { label = key }]],
      )
    },
    {
      title = "5xx answers (%)", region = local.region, stat = "Sum", view = "timeSeries"
      limit = var.slo.error_rate_percent
      metrics = [
        [{ expression = "100 * (FILL(target, 0) + FILL(balancer, 0)) / (requests + FILL(balancer, 0))", label = "5xx %", id = "rate" }],
        ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", var.load_balancer_arn_suffix, { id = "target", visible = false }],
        ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", var.load_balancer_arn_suffix, { id = "balancer", visible = false }],
        ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", var.load_balancer_arn_suffix, { id = "requests", visible = false }],
      ]
    },
    {
      title   = "Canary success (%)", region = local.region, stat = "Average", view = "timeSeries"
      limit   = 100
      metrics = [["CloudWatchSynthetics", "SuccessPercent", "CanaryName", local.canary_name]]
    },
    {
      title = "CloudFront: errors and cache hits (%)", region = var.global_region, stat = "Average", view = "timeSeries"
      limit = null
      metrics = [
        ["AWS/CloudFront", "5xxErrorRate", "DistributionId", var.distribution_id, "Region", "Global"],
        ["AWS/CloudFront", "CacheHitRate", "DistributionId", var.distribution_id, "Region", "Global", { yAxis = "right" }],
      ]
    },
    {
      title = "WAF: blocked and allowed", region = var.global_region, stat = "Sum", view = "timeSeries"
      limit = null
      metrics = [
        ["AWS/WAFV2", "BlockedRequests", "WebACL", var.web_acl_metric_name, "Rule", "ALL"],
        ["AWS/WAFV2", "AllowedRequests", "WebACL", var.web_acl_metric_name, "Rule", "ALL"],
      ]
    },
    {
      title   = "Healthy targets", region = local.region, stat = "Minimum", view = "timeSeries"
      limit   = var.min_healthy_tasks
      metrics = [for key, suffix in var.target_group_arn_suffixes : ["AWS/ApplicationELB", "HealthyHostCount", "TargetGroup", suffix, "LoadBalancer", var.load_balancer_arn_suffix, { label = key }]]
    },
    {
      title = "ECS cpu and memory (%)", region = local.region, stat = "Average", view = "timeSeries"
      limit = 80
      metrics = [
        for pair in setproduct(values(var.service_names), ["CPUUtilization", "MemoryUtilization"]) :
        ["AWS/ECS", pair[1], "ClusterName", var.cluster_name, "ServiceName", pair[0]]
      ]
    },
    {
      title = "Database: cpu and capacity (%)", region = local.region, stat = "Maximum", view = "timeSeries"
      limit = 80
      metrics = [
        for pair in setproduct(var.database_instance_identifiers, ["CPUUtilization", "ACUUtilization"]) :
        ["AWS/RDS", pair[1], "DBInstanceIdentifier", pair[0]]
      ]
    },
    {
      title   = "Database: connections", region = local.region, stat = "Maximum", view = "timeSeries"
      limit   = var.database_max_connections
      metrics = [for instance in var.database_instance_identifiers : ["AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", instance]]
    },
    {
      title = "DAG duration (ms)", region = local.region, stat = "Maximum", view = "timeSeries"
      limit = null
      metrics = [
        for pair in setproduct(keys(var.dags), ["DAGDurationSuccess", "DAGDurationFailed"]) :
        ["AmazonMWAA", pair[1], "Environment", var.airflow_environment_name, "DAG", pair[0]]
      ]
    },
    {
      title   = "DAG runs: failed and succeeded", region = local.region, stat = "SampleCount", view = "timeSeries"
      limit   = null
      metrics = [for run in local.runs : ["AmazonMWAA", run.metric, "Environment", var.airflow_environment_name, "DAG", run.dag]]
    },
    {
      title   = "Scheduler delay (ms)", region = local.region, stat = "Maximum", view = "timeSeries"
      limit   = null
      metrics = [for dag in keys(var.dags) : ["AmazonMWAA", "DAGScheduleDelay", "Environment", var.airflow_environment_name, "DAG", dag]]
    },
    {
      title = "Airflow workers: cpu (%) and waiting tasks", region = local.region, stat = "Average", view = "timeSeries"
      limit = 90
      metrics = concat(
        [for cluster in ["BaseWorker", "AdditionalWorker"] : ["AWS/MWAA", "CPUUtilization", "Environment", var.airflow_environment_name, "Cluster", cluster]],
        [["AWS/MWAA", "QueuedTasks", "Environment", var.airflow_environment_name, { yAxis = "right" }]],
      )
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    periodOverride = "auto"
    widgets = concat(
      [{
        type = "alarm", x = 0, y = 0, width = 24, height = 4
        properties = {
          title = "What users feel"
          alarms = [
            aws_cloudwatch_composite_alarm.release.arn,
            aws_cloudwatch_metric_alarm.error_rate.arn,
            aws_cloudwatch_metric_alarm.latency.arn,
            aws_cloudwatch_metric_alarm.canary.arn,
          ]
        }
      }],
      [for index, widget in local.widgets : {
        type   = "metric"
        x      = (index % 3) * 8
        y      = 4 + floor(index / 3) * 6
        width  = 8
        height = 6
        properties = {
          title   = widget.title
          region  = widget.region
          stat    = widget.stat
          view    = widget.view
          period  = 300
          metrics = widget.metrics
          annotations = {
            horizontal = [for limit in widget.limit[*] : { label = "limit", value = limit }]
          }
        }
      }],
    )
  })
}
