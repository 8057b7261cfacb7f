variable "skip" { type = bool }

resource "aws_rds_cluster" "leaves_a_snapshot" {
  engine                    = "aurora-postgresql"
  final_snapshot_identifier = "news-final"
}

resource "aws_rds_cluster" "skips_it" { # violates PG_REC_4
  engine              = "aurora-postgresql"
  skip_final_snapshot = true
}

resource "aws_docdb_cluster" "gives_it_no_name" { # violates PG_REC_4
  engine = "docdb"
}

resource "aws_redshift_cluster" "skips_it" { # violates PG_REC_4
  cluster_identifier        = "warehouse"
  node_type                 = "ra3.large"
  skip_final_snapshot       = true
  final_snapshot_identifier = "warehouse-final"
}

resource "aws_db_instance" "replica" { # not-applicable PG_REC_4
  instance_class      = "db.t4g.medium"
  replicate_source_db = "primary"
}

resource "aws_rds_cluster" "decided_at_apply" { # undetermined PG_REC_4
  engine                    = "aurora-postgresql"
  skip_final_snapshot       = var.skip
  final_snapshot_identifier = "news-final"
}
