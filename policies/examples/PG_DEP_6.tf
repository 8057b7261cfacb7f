resource "aws_lb_target_group" "that_answer_with_success" {
  name     = "that-answer-with-success"
  port     = 8080
  protocol = "HTTP"

  health_check {
    path    = "/health"
    matcher = "200-299"
  }
}

resource "aws_lb_target_group" "that_answer_200_by_default" {
  name     = "that-answer-200-by-default"
  port     = 8080
  protocol = "HTTP"

  health_check {
    path = "/health"
  }
}

resource "aws_lb_target_group" "that_may_answer_not_found" { # violates PG_DEP_6
  name     = "that-may-answer-not-found"
  port     = 8080
  protocol = "HTTP"

  health_check {
    path    = "/health"
    matcher = "200-499"
  }
}

resource "aws_lb_target_group" "that_may_answer_unauthorized" { # violates PG_DEP_6
  name     = "that-may-answer-unauthorized"
  port     = 8080
  protocol = "HTTP"

  health_check {
    path    = "/health"
    matcher = "200,401"
  }
}

resource "aws_lb_target_group" "that_are_not_asked" { # violates PG_DEP_6
  name     = "that-are-not-asked"
  port     = 8080
  protocol = "HTTP"

  health_check {
    path    = "/health"
    enabled = false
  }
}

resource "aws_lb_target_group" "left_at_the_default_on_the_root" {
  name     = "left-at-the-default-on-the-root"
  port     = 8080
  protocol = "HTTP"
}

resource "aws_lb_target_group" "of_a_network_balancer" {
  name     = "network"
  port     = 5432
  protocol = "TCP"

  health_check {
    protocol = "TCP"
  }
}
