# OBS-3: database connections and cpu, and what Serverless v2 adds to them.

locals {
  database_alarms = {
    cpu = {
      metric      = "CPUUtilization"
      description = "CPU above 80 % for ten minutes."
      comparison  = "GreaterThanThreshold"
      threshold   = 80
    }
    connections = {
      metric      = "DatabaseConnections"
      description = "More than 80 % of max_connections in use: services will soon be refused."
      comparison  = "GreaterThanThreshold"
      threshold   = floor(0.8 * var.database_max_connections)
    }
    capacity = {
      metric      = "ACUUtilization"
      description = "More than 90 % of the greatest capacity in use: the cluster can't scale any further."
      comparison  = "GreaterThanThreshold"
      threshold   = 90
    }
    memory = {
      metric      = "FreeableMemory" # counted from the greatest capacity: what scaling could still free
      description = "Less than 512 MiB left even at the greatest capacity."
      comparison  = "LessThanThreshold"
      threshold   = 512 * 1024 * 1024
    }
  }

  database_instance_alarms = {
    for pair in setproduct(var.database_instance_identifiers, keys(local.database_alarms)) :
    "${pair[0]}-${pair[1]}" => merge(local.database_alarms[pair[1]], { instance = pair[0] })
  }
}

resource "aws_cloudwatch_metric_alarm" "database" {
  for_each = local.database_instance_alarms

  alarm_name          = "${var.name}-db-${trimprefix(each.key, "${var.name}-")}"
  alarm_description   = "${each.value.instance}: ${each.value.description}"
  namespace           = "AWS/RDS"
  metric_name         = each.value.metric
  dimensions          = { DBInstanceIdentifier = each.value.instance }
  statistic           = each.value.comparison == "LessThanThreshold" ? "Minimum" : "Maximum"
  period              = 60
  evaluation_periods  = 10
  datapoints_to_alarm = 10
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  treat_missing_data  = "breaching" # an instance that lives reports every minute
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

resource "aws_cloudwatch_metric_alarm" "database_replica_lag" {
  alarm_name          = "${var.name}-db-replica-lag"
  alarm_description   = "Readers are more than a second behind the writer: a failover now would take long, and pages show old news."
  namespace           = "AWS/RDS"
  metric_name         = "AuroraReplicaLagMaximum"
  dimensions          = { DBClusterIdentifier = var.database_cluster_identifier }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1000
  treat_missing_data  = "notBreaching" # only published while there is a reader
  alarm_actions       = local.actions
  ok_actions          = local.actions
}

resource "aws_cloudwatch_metric_alarm" "database_transaction_ids" {
  alarm_name          = "${var.name}-db-transaction-ids"
  alarm_description   = "A thousand million transaction ids without vacuum: PostgreSQL stops writing at two thousand million."
  namespace           = "AWS/RDS"
  metric_name         = "MaximumUsedTransactionIDs"
  dimensions          = { DBClusterIdentifier = var.database_cluster_identifier }
  statistic           = "Maximum"
  period              = 3600
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1000000000
  treat_missing_data  = "missing" # keeps its state: the number moves over weeks
  alarm_actions       = local.actions
  ok_actions          = local.actions
}
