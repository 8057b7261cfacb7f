locals {
  airflow_options = {
    # Per scheduler. With workers.max of 5 and 10 tasks a worker there is room for it.
    "core.parallelism" = tostring(var.parallelism)

    # The strategy calls it DAG_CONCURRENCY. Airflow 2.2 renamed the option, and Airflow 3 ignores the old name
    # without a word: AIRFLOW__CORE__DAG_CONCURRENCY=8 would leave the default of 16.
    "core.max_active_tasks_per_dag" = tostring(var.max_active_tasks_per_dag)

    # A task that says nothing else is tried again three times; one that hangs ends after two hours.
    "core.default_task_retries"           = "3"
    "core.default_task_execution_timeout" = "7200"

    # A new DAG starts when it is deployed. Paused by default, it would wait, unnoticed, for someone to click.
    "core.dags_are_paused_at_creation" = "False"

    # A DAG that was off for a week does not run 28 times when it comes back.
    "scheduler.catchup_by_default" = "False"

    # Connections and variables come from Secrets Manager, so neither the metadata database nor a DAG holds them.
    "secrets.backend" = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
    "secrets.backend_kwargs" = jsonencode({
      connections_prefix = "${var.secrets_prefix}/connections"
      variables_prefix   = "${var.secrets_prefix}/variables"
    })
  }
}
