resource "aws_eks_cluster" "audited" {
  name     = "audited"
  role_arn = "arn:aws:iam::123456789012:role/eks"
  enabled_cluster_log_types = ["api", "audit"]
  vpc_config {
    subnet_ids = ["subnet-1", "subnet-2"]
  }
}

resource "aws_eks_cluster" "silent" { # violates PG_EDGE_18
  name     = "silent"
  role_arn = "arn:aws:iam::123456789012:role/eks"
  vpc_config {
    subnet_ids = ["subnet-1", "subnet-2"]
  }
}

resource "aws_eks_cluster" "logs_other_things" { # violates PG_EDGE_18
  name     = "logs-other-things"
  role_arn = "arn:aws:iam::123456789012:role/eks"
  enabled_cluster_log_types = ["scheduler"]
  vpc_config {
    subnet_ids = ["subnet-1", "subnet-2"]
  }
}
