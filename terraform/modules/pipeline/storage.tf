# DAG files arrive by the DAG deployment workflow, after their tests. What changes the environment itself (packages,
# plugins, startup script) arrives here, because MWAA restarts for it.
module "dags" {
  source = "../bucket"

  name              = "${var.name}-dags-${local.account}"
  kms_key_arn       = var.kms_key_arn
  access_log_bucket = var.access_log_bucket
}

# What the scraper fetched, before and after cleaning.
module "data" {
  source = "../bucket"

  name                  = "${var.name}-pipeline-data-${local.account}"
  kms_key_arn           = var.kms_key_arn
  access_log_bucket     = var.access_log_bucket
  infrequent_after_days = 60
  expire_after_days     = var.data_retention_days
}

data "archive_file" "plugins" {
  type        = "zip"
  source_dir  = var.plugins_directory
  output_path = "${path.root}/.terraform/${var.name}-plugins.zip"
  excludes    = ["__pycache__"]
}

resource "aws_s3_object" "requirements" {
  bucket       = module.dags.name
  key          = "requirements.txt"
  content      = var.requirements
  content_type = "text/plain"
  kms_key_id   = var.kms_key_arn
}

resource "aws_s3_object" "plugins" {
  bucket      = module.dags.name
  key         = "plugins.zip"
  source      = data.archive_file.plugins.output_path
  source_hash = data.archive_file.plugins.output_base64sha256
  kms_key_id  = var.kms_key_arn
}

resource "aws_s3_object" "startup" {
  bucket       = module.dags.name
  key          = "startup.sh"
  content_type = "text/x-shellscript"
  kms_key_id   = var.kms_key_arn

  content = templatefile("${path.module}/startup.sh.tftpl", {
    variables = merge(var.environment_variables, {
      DEAD_LETTER_QUEUE_URL = aws_sqs_queue.dead_letters.url
      RETRY_QUEUE_URL       = aws_sqs_queue.retry.url
      FAILURE_TOPIC_ARN     = aws_sns_topic.failures.arn
      DATA_BUCKET           = module.data.name
    })
  })
}
