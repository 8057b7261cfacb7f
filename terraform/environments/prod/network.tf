# Addresses, routes, and what may talk to what.
module "network" {
  source = "../../modules/network"

  name               = local.name
  cidr               = var.vpc_cidr
  availability_zones = var.availability_zones
  ports              = local.ports
  logs_kms_key_arn   = module.keys.logs_key_arn
  log_retention_days = var.log_retention_days
}
