resource "aws_ecs_service" "private" {
  name = "private"
  network_configuration {
    subnets = ["subnet-1"]
  }
}

resource "aws_subnet" "gives_no_addresses" {
  vpc_id = "vpc-1"
}

resource "aws_ecs_service" "public_tasks" { # violates PG_NET_7
  name = "public"
  network_configuration {
    subnets          = ["subnet-1"]
    assign_public_ip = true
  }
}

resource "aws_subnet" "gives_addresses" { # violates PG_NET_7
  vpc_id                  = "vpc-1"
  map_public_ip_on_launch = true
}

resource "aws_instance" "private" {
  ami           = "ami-1"
  instance_type = "t4g.micro"
  subnet_id     = "subnet-1"
}

resource "aws_instance" "in_a_subnet_of_ours" {
  ami           = "ami-1"
  instance_type = "t4g.micro"
  subnet_id     = aws_subnet.gives_no_addresses.id
}

data "aws_subnets" "of_others" {
  tags = { Tier = "private" }
}

resource "aws_instance" "in_a_subnet_of_others" {
  ami           = "ami-1"
  instance_type = "t4g.micro"
  subnet_id     = data.aws_subnets.of_others.ids[0]
}

resource "aws_instance" "refuses_in_the_default_network" {
  ami                         = "ami-1"
  instance_type               = "t4g.micro"
  associate_public_ip_address = false
}

resource "aws_instance" "in_the_default_network" { # violates PG_NET_7
  ami           = "ami-1"
  instance_type = "t4g.micro"
}

resource "aws_instance" "public" { # violates PG_NET_7
  subnet_id                   = "subnet-1"
  ami                         = "ami-1"
  instance_type               = "t4g.micro"
  associate_public_ip_address = true
}

resource "aws_launch_template" "public" { # violates PG_NET_7
  name = "public"
  network_interfaces {
    associate_public_ip_address = true
  }
}

resource "aws_launch_configuration" "inside" {
  image_id                    = "ami-1"
  instance_type               = "t4g.small"
  associate_public_ip_address = false
}

resource "aws_launch_configuration" "with_an_address" { # violates PG_NET_7
  image_id                    = "ami-1"
  instance_type               = "t4g.small"
  associate_public_ip_address = true
}

resource "aws_ecs_task_set" "public" { # violates PG_NET_7
  service         = "web"
  cluster         = "web"
  task_definition = "web:1"
  network_configuration {
    subnets          = ["subnet-1"]
    assign_public_ip = true
  }
}

resource "aws_scheduler_schedule" "a_task_with_an_address" { # violates PG_NET_7
  schedule_expression = "rate(1 hour)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/news"
    role_arn = "arn:aws:iam::123456789012:role/scheduler"
    ecs_parameters {
      task_definition_arn = "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/digest:1"
      network_configuration {
        assign_public_ip = true
        subnets          = ["subnet-0123456789abcdef0"]
      }
    }
  }
}

resource "aws_scheduler_schedule" "no_task" {
  schedule_expression = "rate(1 hour)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = "arn:aws:sqs:ap-northeast-1:123456789012:digest"
    role_arn = "arn:aws:iam::123456789012:role/scheduler"
  }
}

resource "aws_spot_instance_request" "in_a_default_subnet" { # violates PG_NET_7
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
}

resource "aws_eip" "of_a_nat_gateway" {
  domain = "vpc"
}

resource "aws_eip" "of_an_instance" { # violates PG_NET_7
  domain   = "vpc"
  instance = aws_instance.private.id
}

resource "aws_eip_association" "of_an_instance" { # violates PG_NET_7
  allocation_id = aws_eip.of_a_nat_gateway.id
  instance_id   = aws_instance.private.id
}

resource "aws_eip_association" "of_its_interface" { # violates PG_NET_7
  allocation_id        = aws_eip.of_a_nat_gateway.id
  network_interface_id = "eni-1"
}

resource "aws_default_subnet" "as_aws_makes_it" { # violates PG_NET_7
  availability_zone = "ap-northeast-1a"
}

resource "aws_default_subnet" "without_addresses" {
  availability_zone       = "ap-northeast-1c"
  map_public_ip_on_launch = false
}

resource "aws_spot_fleet_request" "with_addresses" { # violates PG_NET_7
  iam_fleet_role  = "arn:aws:iam::123456789012:role/fleet"
  target_capacity = 1
  launch_specification {
    ami                         = "ami-1"
    instance_type               = "t3.micro"
    associate_public_ip_address = true
  }
}

resource "aws_pipes_pipe" "a_task_with_an_address" { # violates PG_NET_7
  role_arn = "arn:aws:iam::123456789012:role/pipe"
  source   = "arn:aws:sqs:ap-northeast-1:123456789012:digest"
  target   = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/news"
  target_parameters {
    ecs_task_parameters {
      task_definition_arn = "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/digest:1"
      network_configuration {
        aws_vpc_configuration {
          assign_public_ip = "ENABLED"
          subnets          = ["subnet-1"]
        }
      }
    }
  }
}

resource "aws_pipes_pipe" "no_task" {
  role_arn = "arn:aws:iam::123456789012:role/pipe"
  source   = "arn:aws:sqs:ap-northeast-1:123456789012:digest"
  target   = "arn:aws:sqs:ap-northeast-1:123456789012:other"
}
