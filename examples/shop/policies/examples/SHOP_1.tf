resource "aws_sqs_queue" "patient" {
  name                      = "patient"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue" "hasty" { # violates SHOP_1
  name = "hasty"
}
