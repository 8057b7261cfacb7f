resource "aws_lb_target_group" "app" {
  name     = "app"
  port     = 80
  protocol = "HTTP"
  vpc_id   = "vpc-1"
}

resource "aws_autoscaling_group" "asking" {
  min_size             = 1
  max_size             = 2
  launch_configuration = "app"
  availability_zones   = ["ap-northeast-1a"]
  target_group_arns    = [aws_lb_target_group.app.arn]
  health_check_type    = "ELB"
}

resource "aws_autoscaling_group" "left_at_the_default" { # violates PG_DEP_12
  min_size             = 1
  max_size             = 2
  launch_configuration = "app"
  availability_zones   = ["ap-northeast-1a"]
  target_group_arns    = [aws_lb_target_group.app.arn]
}

resource "aws_autoscaling_group" "attached_from_outside" { # violates PG_DEP_12
  name                 = "outside"
  min_size             = 1
  max_size             = 2
  launch_configuration = "app"
  availability_zones   = ["ap-northeast-1a"]
  health_check_type    = "EC2"
}

resource "aws_autoscaling_attachment" "attached_from_outside" {
  autoscaling_group_name = aws_autoscaling_group.attached_from_outside.name
  lb_target_group_arn    = aws_lb_target_group.app.arn
}

resource "aws_autoscaling_group" "of_workers" { # not-applicable PG_DEP_12
  min_size             = 1
  max_size             = 2
  launch_configuration = "worker"
  availability_zones   = ["ap-northeast-1a"]
}
