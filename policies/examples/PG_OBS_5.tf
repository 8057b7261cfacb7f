resource "aws_rds_cluster" "watched_as_a_cluster" {
  cluster_identifier = "watched-as-a-cluster"
  engine             = "aurora-postgresql"
}

resource "aws_cloudwatch_metric_alarm" "cluster" {
  alarm_name          = "cluster"
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  dimensions          = { DBClusterIdentifier = aws_rds_cluster.watched_as_a_cluster.cluster_identifier }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_rds_cluster" "watched_on_every_instance" {
  cluster_identifier = "watched-on-every-instance"
  engine             = "aurora-postgresql"
}

resource "aws_rds_cluster_instance" "every_1" {
  identifier         = "every-1"
  cluster_identifier = aws_rds_cluster.watched_on_every_instance.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}

resource "aws_rds_cluster_instance" "every_2" {
  identifier         = "every-2"
  cluster_identifier = aws_rds_cluster.watched_on_every_instance.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}

resource "aws_cloudwatch_metric_alarm" "every_1" {
  alarm_name          = "every-1"
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  dimensions          = { DBInstanceIdentifier = aws_rds_cluster_instance.every_1.identifier }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_cloudwatch_metric_alarm" "every_2" {
  alarm_name          = "every-2"
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  dimensions          = { DBInstanceIdentifier = aws_rds_cluster_instance.every_2.identifier }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_rds_cluster" "watched_on_one_of_two_instances" { # violates PG_OBS_5
  cluster_identifier = "watched-on-one-of-two-instances"
  engine             = "aurora-postgresql"
}

resource "aws_rds_cluster_instance" "some_1" {
  identifier         = "some-1"
  cluster_identifier = aws_rds_cluster.watched_on_one_of_two_instances.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}

resource "aws_rds_cluster_instance" "some_2" {
  identifier         = "some-2"
  cluster_identifier = aws_rds_cluster.watched_on_one_of_two_instances.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}

resource "aws_cloudwatch_metric_alarm" "some_1" {
  alarm_name          = "some-1"
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  dimensions          = { DBInstanceIdentifier = aws_rds_cluster_instance.some_1.identifier }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_rds_cluster" "without_an_alarm" { # violates PG_OBS_5
  cluster_identifier = "without-an-alarm"
  engine             = "aurora-postgresql"
}

resource "aws_db_instance" "watched" {
  identifier        = "watched"
  engine            = "postgres"
  instance_class    = "db.t4g.small"
  allocated_storage = 20
}

resource "aws_cloudwatch_metric_alarm" "single" {
  alarm_name          = "single"
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  dimensions          = { DBInstanceIdentifier = aws_db_instance.watched.identifier }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}

resource "aws_db_instance" "with_an_alarm_on_a_mistyped_name" { # violates PG_OBS_5
  identifier        = "orders"
  engine            = "postgres"
  instance_class    = "db.t4g.small"
  allocated_storage = 20
}

resource "aws_cloudwatch_metric_alarm" "mistyped" {
  alarm_name          = "mistyped"
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  dimensions          = { DBInstanceIdentifier = "order" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
}
