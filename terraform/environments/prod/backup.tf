# Copies of what can't be made again, and proof that they restore.
module "backup" {
  source = "../../modules/backup"

  name             = local.name
  kms_key_arn      = module.keys.backup_key_arn
  copy_region      = var.backup_copy_region
  copy_kms_key_arn = module.keys.backup_copy_key_arn

  cluster_arn = module.database.cluster_arn
  bucket_arns = {
    dags = module.pipeline.dags_bucket_arn
    data = module.pipeline.data_bucket_arn
  }
  storage_kms_key_arns = {
    data     = module.keys.data_key_arn
    pipeline = module.keys.pipeline_key_arn
  }

  lock_after_days = 3 # from then on nobody can take the locks off, an administrator's credentials included
  continuous_days = var.backup_retention_days
  daily_days      = var.backup_retention_days
  monthly_days    = var.archive_retention_days

  restore_test = {
    subnet_group_name  = module.database.subnet_group_name
    security_group_ids = [module.network.security_group_ids["database"]]
  }
}
