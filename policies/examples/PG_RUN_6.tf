variable "access" {
  type = string
}

resource "aws_sagemaker_notebook_instance" "confined" {
  name                   = "confined"
  role_arn               = "arn:aws:iam::111122223333:role/notebook"
  instance_type          = "ml.t3.medium"
  subnet_id              = "subnet-1"
  security_groups        = ["sg-1"]
  direct_internet_access = "Disabled"
  root_access            = "Disabled"
}

resource "aws_sagemaker_notebook_instance" "left_at_the_default" { # violates PG_RUN_6
  name          = "default"
  role_arn      = "arn:aws:iam::111122223333:role/notebook"
  instance_type = "ml.t3.medium"
}

resource "aws_sagemaker_notebook_instance" "of_root" { # violates PG_RUN_6
  name                   = "root"
  role_arn               = "arn:aws:iam::111122223333:role/notebook"
  instance_type          = "ml.t3.medium"
  subnet_id              = "subnet-1"
  direct_internet_access = "Disabled"
}

resource "aws_sagemaker_notebook_instance" "decided_later" { # undetermined PG_RUN_6
  name                   = "later"
  role_arn               = "arn:aws:iam::111122223333:role/notebook"
  instance_type          = "ml.t3.medium"
  subnet_id              = "subnet-1"
  direct_internet_access = var.access
  root_access            = "Disabled"
}

resource "aws_default_subnet" "a" {
  availability_zone = "ap-northeast-1a"
}

resource "aws_sagemaker_notebook_instance" "in_a_default_network" { # violates PG_RUN_6
  name                   = "default-network"
  role_arn               = "arn:aws:iam::111122223333:role/notebook"
  instance_type          = "ml.t3.medium"
  subnet_id              = aws_default_subnet.a.id
  direct_internet_access = "Disabled"
  root_access            = "Disabled"
}
