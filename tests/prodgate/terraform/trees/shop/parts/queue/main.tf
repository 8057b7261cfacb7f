variable "role_arn" { type = string }
variable "shop" { type = string }
variable "keep" {
  type = object({ backups = number, messages = number })
}

resource "aws_sqs_queue" "orders" {
  name                      = "${var.shop}-orders"
  message_retention_seconds = var.keep.messages
}

resource "aws_sqs_queue_policy" "orders" {
  queue_url = aws_sqs_queue.orders.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = var.role_arn }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.orders.arn
    }]
  })
}

output "arn" {
  value = aws_sqs_queue.orders.arn
}
