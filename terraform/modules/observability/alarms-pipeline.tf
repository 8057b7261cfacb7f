# OBS-5 and OBS-8: failed runs and their rate, DAG duration, worker use, scheduler delay.
#
# All names below exist in Airflow 2.11 and in 3.x on MWAA. SLAMissed went away with Airflow 3: an alarm on it would
# never fire again, so what it watched (a DAG that is late or does not run) is watched by dag_stale and dag_delay.
# TaskInstanceSuccesses and TaskInstanceFailures are not published by Airflow 3.0, and failures of tasks not before
# 3.1.6: an alarm on them would be silent whatever fails, so runs are counted, by how many durations they gave.
# MWAA publishes counters only when they are not zero: silence means "none" for failures and "dead" for heartbeats.

locals {
  airflow = { Environment = var.airflow_environment_name }

  # told once for each run that ended so
  failed = "DAGDurationFailed"
  good   = "DAGDurationSuccess"
  # both of each DAG, by the id that the expression gives them
  runs = merge(
    { for dag in keys(var.dags) : "good_${dag}" => { dag = dag, metric = local.good } },
    { for dag in keys(var.dags) : "failed_${dag}" => { dag = dag, metric = local.failed } },
  )
  good_runs   = join(" + ", [for dag in keys(var.dags) : "FILL(good_${dag}, 0)"])
  failed_runs = join(" + ", [for dag in keys(var.dags) : "FILL(failed_${dag}, 0)"])
}

resource "aws_cloudwatch_metric_alarm" "dag_failure_rate" {
  alarm_name          = "${var.name}-dag-failure-rate"
  alarm_description   = "The share of failed DAG runs has reached ${var.slo.dag_failure_percent} % over a day."
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.slo.dag_failure_percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions

  metric_query {
    id          = "rate"
    label       = "failed DAG runs in percent"
    expression  = "100 * (${local.failed_runs}) / (${local.failed_runs} + ${local.good_runs})"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.runs

    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = "AmazonMWAA"
        metric_name = metric_query.value.metric
        dimensions  = merge(local.airflow, { DAG = metric_query.value.dag })
        stat        = "SampleCount" # a run that ends gives its duration once
        period      = 86400
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "dag_failed" {
  for_each = var.dags

  alarm_name          = "${var.name}-${replace(each.key, "_", "-")}-failed"
  alarm_description   = "A run of ${each.key} failed, after all retries of its tasks."
  namespace           = "AmazonMWAA"
  metric_name         = local.failed
  dimensions          = merge(local.airflow, { DAG = each.key })
  statistic           = "SampleCount"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

resource "aws_cloudwatch_metric_alarm" "dag_slow" {
  for_each = var.dags

  alarm_name          = "${var.name}-${replace(each.key, "_", "-")}-slow"
  alarm_description   = "A run of ${each.key} took more than ${each.value.max_duration_minutes} minutes."
  namespace           = "AmazonMWAA"
  metric_name         = local.good
  dimensions          = merge(local.airflow, { DAG = each.key })
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.max_duration_minutes * 60 * 1000 # the metric is in milliseconds
  treat_missing_data  = "notBreaching"                              # published when a run ends, so mostly silent
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

resource "aws_cloudwatch_metric_alarm" "dag_stale" {
  for_each = var.dags

  alarm_name          = "${var.name}-${replace(each.key, "_", "-")}-stale"
  alarm_description   = "No run of ${each.key} has succeeded for ${each.value.max_hours_without_success} hours: failed, paused, or never scheduled."
  namespace           = "AmazonMWAA"
  metric_name         = local.good
  dimensions          = merge(local.airflow, { DAG = each.key })
  statistic           = "SampleCount"
  period              = 3600
  evaluation_periods  = each.value.max_hours_without_success
  datapoints_to_alarm = each.value.max_hours_without_success
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

resource "aws_cloudwatch_metric_alarm" "dag_delay" {
  for_each = var.dags

  alarm_name          = "${var.name}-${replace(each.key, "_", "-")}-delayed"
  alarm_description   = "A run of ${each.key} started more than ${each.value.max_start_delay_seconds} s after its time."
  namespace           = "AmazonMWAA"
  metric_name         = "DAGScheduleDelay"
  dimensions          = merge(local.airflow, { DAG = each.key })
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.max_start_delay_seconds * 1000
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

resource "aws_cloudwatch_metric_alarm" "scheduler_heartbeat" {
  alarm_name          = "${var.name}-scheduler-heartbeat"
  alarm_description   = "No scheduler has given a sign of life for five minutes: nothing starts."
  namespace           = "AmazonMWAA"
  metric_name         = "SchedulerHeartbeat"
  dimensions          = merge(local.airflow, { Function = "Scheduler" })
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

resource "aws_cloudwatch_metric_alarm" "import_errors" {
  alarm_name          = "${var.name}-dag-import-errors"
  alarm_description   = "A DAG file can't be imported, so its DAG no longer runs while its past runs still look well."
  namespace           = "AmazonMWAA"
  metric_name         = "ImportErrors"
  dimensions          = merge(local.airflow, { Function = "DAG Processing" })
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

resource "aws_cloudwatch_metric_alarm" "tasks_waiting" {
  alarm_name          = "${var.name}-tasks-waiting"
  alarm_description   = "A task has waited ten minutes for a worker: all are busy and MWAA adds no more."
  namespace           = "AWS/MWAA"
  metric_name         = "ApproximateAgeOfOldestTask"
  dimensions          = local.airflow
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 600
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

locals {
  worker_alarms = {
    # The base worker always runs. Additional workers come and go, so their silence says nothing.
    base-worker-cpu          = { cluster = "BaseWorker", metric = "CPUUtilization", missing = "breaching" }
    base-worker-memory       = { cluster = "BaseWorker", metric = "MemoryUtilization", missing = "breaching" }
    additional-worker-cpu    = { cluster = "AdditionalWorker", metric = "CPUUtilization", missing = "notBreaching" }
    additional-worker-memory = { cluster = "AdditionalWorker", metric = "MemoryUtilization", missing = "notBreaching" }
  }
}

resource "aws_cloudwatch_metric_alarm" "worker_utilisation" {
  for_each = local.worker_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.metric} of Airflow's ${each.value.cluster} has been above 90 % for fifteen minutes: tasks slow down or are killed."
  namespace           = "AWS/MWAA"
  metric_name         = each.value.metric
  dimensions          = merge(local.airflow, { Cluster = each.value.cluster })
  statistic           = "Average"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 90
  treat_missing_data  = each.value.missing
  alarm_actions       = local.actions
  ok_actions          = local.actions
}
