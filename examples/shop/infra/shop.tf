resource "aws_lb" "shop" {
  name                       = "shop"
  load_balancer_type         = "application"
  subnets                    = [for each in aws_subnet.public : each.id]
  security_groups            = [aws_security_group.entrance.id]
  enable_deletion_protection = true
  drop_invalid_header_fields = true

  access_logs {
    bucket  = aws_s3_bucket.logs.id
    prefix  = "shop"
    enabled = true
  }
}

resource "aws_acm_certificate" "shop" {
  domain_name       = "www.shop.example"
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.shop.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate.shop.arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.shop.arn
  }
}

resource "aws_lb_target_group" "shop" {
  name     = "shop"
  port     = 8080
  protocol = "HTTP"
  vpc_id   = aws_vpc.main.id

  health_check {
    path    = "/healthz"
    matcher = "200"
  }
}

resource "aws_iam_role" "shop" {
  name = "shop-instances"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "shop" {
  name = "orders"
  role = aws_iam_role.shop.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"]
      Resource = aws_sqs_queue.orders.arn
    }]
  })
}

resource "aws_iam_instance_profile" "shop" {
  name = "shop-instances"
  role = aws_iam_role.shop.name
}

resource "aws_launch_template" "shop" {
  name_prefix            = "shop-"
  image_id               = "ami-0123456789abcdef0"
  instance_type          = "m7g.large"
  vpc_security_group_ids = [aws_security_group.shop.id]

  iam_instance_profile {
    arn = aws_iam_instance_profile.shop.arn
  }

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size = 20
      encrypted   = true
      kms_key_id  = aws_kms_key.main.arn
    }
  }
}

resource "aws_autoscaling_group" "shop" {
  name                      = "shop"
  min_size                  = 2
  max_size                  = 6
  desired_capacity          = 2
  vpc_zone_identifier       = [for each in aws_subnet.private : each.id]
  target_group_arns         = [aws_lb_target_group.shop.arn]
  health_check_type         = "ELB"
  health_check_grace_period = 60

  launch_template {
    id      = aws_launch_template.shop.id
    version = aws_launch_template.shop.latest_version
  }

  tag {
    key                 = "system"
    value               = "shop"
    propagate_at_launch = true
  }
}
