resource "aws_instance" "encrypted" {
  ami           = "ami-0123456789abcdef0"
  instance_type = "t4g.micro"
  root_block_device {
    encrypted = true
  }
}

resource "aws_launch_template" "says_nothing_of_disks" {
  name = "says-nothing"
}

resource "aws_launch_template" "encrypted" {
  name = "encrypted"
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      encrypted = true
    }
  }
}

resource "aws_instance" "as_its_template_says" {
  launch_template {
    id = aws_launch_template.encrypted.id
  }
}

resource "aws_instance" "root_as_the_image_has_it" { # violates PG_ENC_15
  ami           = "ami-0123456789abcdef0"
  instance_type = "t4g.micro"
}

resource "aws_instance" "second_disk_in_plain_text" { # violates PG_ENC_15
  ami           = "ami-0123456789abcdef0"
  instance_type = "t4g.micro"
  root_block_device {
    encrypted = true
  }
  ebs_block_device {
    device_name = "/dev/sdf"
  }
}

resource "aws_launch_template" "plain_text" { # violates PG_ENC_15
  name = "plain-text"
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = 20
    }
  }
}

resource "aws_ebs_encryption_by_default" "of_another_region" {
  region = "eu-west-1"
}

resource "aws_instance" "in_that_region" {
  region        = "eu-west-1"
  ami           = "ami-0123456789abcdef0"
  instance_type = "t4g.micro"
}

resource "aws_spot_instance_request" "plain" { # violates PG_ENC_15
  ami           = "ami-0123456789abcdef0"
  instance_type = "t3.micro"
  root_block_device {
    volume_size = 20
  }
}

resource "aws_spot_fleet_request" "encrypted" {
  iam_fleet_role  = "arn:aws:iam::111122223333:role/fleet"
  target_capacity = 1

  launch_specification {
    ami           = "ami-12345678"
    instance_type = "m5.large"

    root_block_device {
      encrypted = true
    }
  }
}

resource "aws_spot_fleet_request" "half_encrypted" { # violates PG_ENC_15
  iam_fleet_role  = "arn:aws:iam::111122223333:role/fleet"
  target_capacity = 1

  launch_specification {
    ami           = "ami-12345678"
    instance_type = "m5.large"

    root_block_device {
      encrypted = true
    }
  }

  launch_specification {
    ami           = "ami-12345678"
    instance_type = "m5.xlarge"

    ebs_block_device {
      device_name = "/dev/sdb"
      volume_size = 10
    }
  }
}

resource "aws_instance" "of_a_template_elsewhere" { # undetermined PG_ENC_15
  launch_template {
    name = "declared-elsewhere"
  }
}
