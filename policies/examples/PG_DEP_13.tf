resource "aws_lb_target_group" "with_a_check_of_its_own" {
  name     = "with-a-check-of-its-own"
  port     = 8080
  protocol = "HTTP"

  health_check {
    path = "/health"
  }
}

resource "aws_lb_target_group" "left_at_the_default_on_the_root" { # violates PG_DEP_13
  name     = "left-at-the-default-on-the-root"
  port     = 8080
  protocol = "HTTP"
}
