resource "aws_rds_cluster" "that_exports_its_log" {
  cluster_identifier              = "exporting"
  engine                          = "aurora-postgresql"
  enabled_cloudwatch_logs_exports = ["postgresql"]
}

resource "aws_rds_cluster" "left_at_the_default_of_no_export" { # violates PG_OBS_24
  cluster_identifier = "silent"
  engine             = "aurora-postgresql"
}

resource "aws_db_instance" "with_an_empty_list" { # violates PG_OBS_24
  identifier                      = "empty"
  engine                          = "postgres"
  instance_class                  = "db.t4g.small"
  enabled_cloudwatch_logs_exports = []
}

resource "aws_db_instance" "that_exports_what_little_says" { # violates PG_OBS_24
  identifier                      = "upgrades"
  engine                          = "postgres"
  instance_class                  = "db.t4g.small"
  enabled_cloudwatch_logs_exports = ["upgrade"]
}

resource "aws_db_instance" "that_is_a_copy" {
  identifier                      = "copy"
  snapshot_identifier             = "orders"
  instance_class                  = "db.t4g.small"
  enabled_cloudwatch_logs_exports = ["error"]
}

resource "aws_db_instance" "that_is_a_copy_and_says_little" { # violates PG_OBS_24
  identifier                      = "copy-of-upgrades"
  snapshot_identifier             = "orders"
  instance_class                  = "db.t4g.small"
  enabled_cloudwatch_logs_exports = ["upgrade"]
}

resource "aws_rds_cluster" "of_an_engine_whose_logs_are_not_known" {
  cluster_identifier              = "old"
  engine                          = "aurora"
  enabled_cloudwatch_logs_exports = ["error"]
}

resource "aws_db_instance" "of_two_logs" {
  identifier                      = "two-logs"
  engine                          = "sqlserver-se"
  instance_class                  = "db.m6i.large"
  enabled_cloudwatch_logs_exports = ["agent", "error"]
}

resource "aws_db_instance" "that_says_nothing_of_its_jobs" { # violates PG_OBS_24
  identifier                      = "no-jobs"
  engine                          = "sqlserver-se"
  instance_class                  = "db.m6i.large"
  enabled_cloudwatch_logs_exports = ["error"]
}
