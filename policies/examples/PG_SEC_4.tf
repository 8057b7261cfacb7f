resource "aws_rds_cluster" "kept_by_rds" {
  engine                      = "aurora-postgresql"
  manage_master_user_password = true
}

resource "aws_db_instance" "replica" { # not-applicable PG_SEC_4
  instance_class      = "db.t4g.medium"
  replicate_source_db = "primary"
}

resource "aws_rds_cluster" "stated" { # violates PG_SEC_4
  engine          = "aurora-postgresql"
  master_username = "news"
  master_password = "correct-horse"
}

resource "aws_db_instance" "write_only_but_never_rotated" { # violates PG_SEC_4
  instance_class      = "db.t4g.medium"
  username            = "news"
  password_wo         = "correct-horse"
  password_wo_version = 1
}

resource "terraform_data" "made_by_terraform" {}

resource "aws_redshift_cluster" "made_by_terraform" { # violates PG_SEC_4
  cluster_identifier = "warehouse"
  node_type          = "ra3.large"
  master_username    = "news"
  master_password    = terraform_data.made_by_terraform.id
}

ephemeral "aws_secretsmanager_secret_version" "database" {
  secret_id = "database"
}

resource "aws_db_instance" "read_of_secrets_manager" {
  instance_class      = "db.t4g.medium"
  username            = "news"
  password_wo         = jsondecode(ephemeral.aws_secretsmanager_secret_version.database.secret_string)["password"]
  password_wo_version = 1
}
