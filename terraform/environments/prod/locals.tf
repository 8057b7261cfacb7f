locals {
  name = "${var.system}-${var.environment}"

  tags = {
    System      = var.system
    Environment = var.environment
    ManagedBy   = "terraform"
    Owner       = var.owner
  }

  # The role that applies this tree, made by hand beside the state (README.md).
  infrastructure_role_name = "${local.name}-infrastructure"

  # What listens where; security groups, network ACLs, tasks and target groups all take it from here.
  ports = {
    api      = 8080
    frontend = 3000
    database = 5432
    test     = 8443
  }

  # The API's pool is told; a worker opens one for each task that it runs at a time.
  connections_per_task   = 10
  connections_per_worker = 10

  # Asked by the load balancer, the verifier and the canary alike.
  api_health_path = "/api/health"
}
