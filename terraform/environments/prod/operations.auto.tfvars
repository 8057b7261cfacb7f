# Edge, pipeline, observability, cost: the values of production.

site_aliases           = ["www.nba-news.example"]
price_class            = "PriceClass_200" # edge locations that include Japan
rate_limit             = 2000
api_rate_limit         = 600
security_contact_email = "security@nba-news.example"

airflow_version                  = "3.0.6"
airflow_environment_class        = "mw1.medium"
airflow_workers                  = { min = 1, max = 5 }
airflow_parallelism              = 16
airflow_max_active_tasks_per_dag = 8
pipeline_emails                  = ["data@nba-news.example"]

alarm_emails       = ["oncall@nba-news.example"]
slack              = { workspace_id = "T0NBANEWS0", channel_id = "C0ALARMS00" }
log_retention_days = 365

# p95 below 200 ms, fewer than one request in a thousand failed, more than 99 in a hundred DAG runs well.
slo = {
  latency_p95_seconds = 0.2
  error_rate_percent  = 0.1
  dag_failure_percent = 1
}

dags = {
  # Every six hours; a run that has not succeeded after seven has missed a slot.
  nba_news_scraper = {
    max_duration_minutes      = 30
    max_start_delay_seconds   = 300
    max_hours_without_success = 7
  }
  # Daily at 02:00.
  data_cleanup = {
    max_duration_minutes      = 60
    max_start_delay_seconds   = 300
    max_hours_without_success = 25
  }
}

monthly_limit_usd = 2500
cost_emails       = ["finance@nba-news.example", "platform@nba-news.example"]
