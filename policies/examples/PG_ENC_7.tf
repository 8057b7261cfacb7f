resource "aws_lb" "public" {
  name = "public"
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.public.arn
  port              = 443
  protocol          = "HTTPS"
  default_action {
    type = "forward"
  }
}

resource "aws_lb_listener" "redirects" {
  load_balancer_arn = aws_lb.public.arn
  port              = 80
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "answers_in_plain_text" { # violates PG_ENC_7
  load_balancer_arn = aws_lb.public.arn
  port              = 8080
  protocol          = "HTTP"
  default_action {
    type = "forward"
  }
}

resource "aws_lb_listener" "redirects_to_plain_text" { # violates PG_ENC_7
  load_balancer_arn = aws_lb.public.arn
  port              = 8081
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      host        = "news.example.com"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "redirects_but_for_one_path" { # violates PG_ENC_7
  load_balancer_arn = aws_lb.public.arn
  port              = 8082
  protocol          = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener_rule" "legacy" {
  listener_arn = aws_lb_listener.redirects_but_for_one_path.arn
  action {
    type = "forward"
  }
  condition {
    path_pattern {
      values = ["/legacy/*"]
    }
  }
}

resource "aws_lb_listener" "passes_tcp_on" { # undetermined PG_ENC_7
  load_balancer_arn = aws_lb.public.arn
  port              = 5432
  protocol          = "TCP"
  default_action {
    type = "forward"
  }
}
