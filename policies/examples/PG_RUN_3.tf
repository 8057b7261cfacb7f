resource "aws_instance" "tokens_required" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t4g.micro"
  metadata_options {
    http_tokens = "required"
  }
}

resource "aws_launch_template" "switched_off" {
  name = "switched-off"
  metadata_options {
    http_endpoint = "disabled"
  }
}

resource "aws_instance" "as_its_template_says" { # not-applicable PG_RUN_3
  launch_template {
    id = aws_launch_template.switched_off.id
  }
}

resource "aws_instance" "left_to_the_image" { # violates PG_RUN_3
  ami           = "ami-0123456789abcdef0"
  instance_type = "t4g.micro"
}

resource "aws_launch_template" "tokens_optional" { # violates PG_RUN_3
  name = "tokens-optional"
  metadata_options {
    http_tokens = "optional"
  }
}

resource "aws_ec2_instance_metadata_defaults" "of_another_region" {
  region      = "eu-west-1"
  http_tokens = "required"
}

resource "aws_instance" "left_to_the_account" {
  region        = "eu-west-1"
  ami           = "ami-0123456789abcdef0"
  instance_type = "t4g.micro"
}

resource "aws_instance" "says_otherwise" { # violates PG_RUN_3
  region        = "eu-west-1"
  ami           = "ami-0123456789abcdef0"
  instance_type = "t4g.micro"
  metadata_options {
    http_tokens = "optional"
  }
}

resource "aws_instance" "of_a_template_elsewhere" { # undetermined PG_RUN_3
  launch_template {
    name = "declared-elsewhere"
  }
}

resource "aws_instance" "of_a_template_by_name" { # not-applicable PG_RUN_3
  launch_template {
    name = aws_launch_template.switched_off.name
  }
}
