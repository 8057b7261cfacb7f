# Production. What is measured against the requirements is stated here and nowhere else.

system             = "nba-news"
environment        = "prod"
owner              = "platform"
account_id         = "123456789012"
region             = "ap-northeast-1"
backup_copy_region = "ap-northeast-3" # Osaka: another region, the same jurisdiction
domain_name        = "nba-news.example"
github_repository  = "nba-news/nba-news"

vpc_cidr           = "10.20.0.0/16"
availability_zones = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]

database_capacity       = { min = 1, max = 4 }
database_instances      = 2
database_engine_version = "17.5"
backup_retention_days   = 30
archive_retention_days  = 365

evidence_lock_days = 400

task_size  = { cpu = 1024, memory = 2048 }
task_count = { min = 2, max = 10 }

release = {
  first_step_percent = 10
  first_step_minutes = 5
  bake_minutes       = 30
}
