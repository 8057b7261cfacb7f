resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_security_group" "airflow_among_itself" {
  vpc_id = aws_vpc.main.id
  ingress {
    protocol  = "-1"
    from_port = 0
    to_port   = 0
    self      = true
  }
}

resource "aws_security_group" "endpoints_for_the_network" {
  vpc_id = aws_vpc.main.id
  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = [aws_vpc.main.cidr_block]
  }
}

resource "aws_vpc_security_group_ingress_rule" "one_port_from_one_group" {
  security_group_id            = aws_security_group.endpoints_for_the_network.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.airflow_among_itself.id
}

resource "aws_vpc_security_group_ingress_rule" "everything_from_one_group" { # violates PG_NET_3
  security_group_id            = aws_security_group.endpoints_for_the_network.id
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.airflow_among_itself.id
}

resource "aws_security_group" "all_ports" { # violates PG_NET_3
  vpc_id = aws_vpc.main.id
  ingress {
    protocol        = "tcp"
    from_port       = 0
    to_port         = 65535
    security_groups = [aws_security_group.airflow_among_itself.id]
  }
}

resource "aws_security_group" "database_for_the_whole_network" { # violates PG_NET_3
  vpc_id = aws_vpc.main.id
  ingress {
    protocol    = "tcp"
    from_port   = 5432
    to_port     = 5432
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_security_group" "load_balancer_that_redirects" {
  vpc_id = aws_vpc.main.id
  ingress {
    protocol    = "tcp"
    from_port   = 80
    to_port     = 80
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "plain_http_for_the_whole_network" { # violates PG_NET_3
  vpc_id = aws_vpc.main.id
  ingress {
    protocol    = "tcp"
    from_port   = 80
    to_port     = 80
    cidr_blocks = ["10.0.0.0/16"]
  }
}
