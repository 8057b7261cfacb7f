# Who holds the keys: one for each purpose, so that access to logs is no access to data.
module "keys" {
  source = "../../modules/keys"

  name               = local.name
  backup_copy_region = var.backup_copy_region
  cluster_name       = local.name
}
