terraform {
  provider_meta "aws" {
    user_agent = ["somebody/topic"]
  }
}

variable "name" { type = string }
variable "queue_arn" { type = string }
variable "kms_key" { type = string }

resource "aws_sns_topic" "this" {
  name              = var.name
  kms_master_key_id = var.kms_key
}

resource "aws_sns_topic_subscription" "queue" {
  topic_arn = aws_sns_topic.this.arn
  protocol  = "sqs"
  endpoint  = var.queue_arn
}

output "arn" {
  value = aws_sns_topic.this.arn
}
