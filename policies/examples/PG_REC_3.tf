resource "aws_s3_bucket" "kept" {
  bucket = "kept"
}

resource "aws_ecr_repository" "kept" {
  name         = "kept"
  force_delete = false
}

resource "aws_s3_bucket" "emptied_by_a_destroy" { # violates PG_REC_3
  bucket        = "emptied"
  force_destroy = true
}

resource "aws_ecr_repository" "images_deleted_by_a_destroy" { # violates PG_REC_3
  name         = "deleted"
  force_delete = true
}

resource "aws_backup_vault" "backups_deleted_by_a_destroy" { # violates PG_REC_3
  name          = "deleted"
  force_destroy = true
}
