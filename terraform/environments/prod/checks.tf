# What core can decide and no single variable can: these warn at every plan and apply.

check "connections_fit_the_database" {
  assert {
    # Twice the tasks while a release runs blue and green side by side.
    condition     = local.most_connections <= 0.8 * module.database.max_connections
    error_message = "Tasks and Airflow may open ${local.most_connections} connections, more than 80 % of the ${module.database.max_connections} of a cluster of ${var.database_capacity.max} ACU. Raise database_capacity.max, or lower task_count.max."
  }
}

locals {
  most_connections = 2 * var.task_count.max * local.connections_per_task + var.airflow_workers.max * local.connections_per_worker
}

check "release_is_watched_long_enough" {
  assert {
    condition     = var.release.first_step_minutes + var.release.bake_minutes >= 15
    error_message = "The old tasks leave ${var.release.first_step_minutes + var.release.bake_minutes} minutes after the first new answer. The release alarms need 5 minutes to see anything: keep the old tasks for longer."
  }
}

check "scraper_outage_is_covered_by_backups" {
  assert {
    condition     = var.backup_retention_days * 24 > max([for dag in values(var.dags) : dag.max_hours_without_success]...)
    error_message = "A DAG may be silent for longer than backups are kept: its data could be lost before anybody hears of it."
  }
}
