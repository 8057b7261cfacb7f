output "site_url" {
  description = "Address of the site."
  value       = module.edge.site_url
}

output "name_servers" {
  description = "Name servers that the registrar has to know."
  value       = module.edge.name_servers
}

output "dnssec_ds_record" {
  description = "DS record that the registrar has to know."
  value       = module.edge.dnssec_ds_record
}

output "role_arns" {
  description = "Roles that workflows take: deploy (after approval), rollback, deploy_dags, gate, archive."
  value = {
    deploy      = module.identity.deploy_role_arn
    rollback    = module.identity.rollback_role_arn
    deploy_dags = module.identity.deploy_dags_role_arn
    gate        = module.identity.gate_role_arn
    archive     = module.identity.archive_role_arn
  }
}

output "release" {
  description = "What the deploy workflow works with; migration_task and deployments are whole inputs of AWS CLI commands."
  value = {
    site_url      = module.edge.site_url
    cluster_name  = module.service.cluster_name
    service_names = module.service.service_names
    migration_task = merge(module.service.migration_task, {
      networkConfiguration = { awsvpcConfiguration = {
        subnets        = module.network.private_subnet_ids
        securityGroups = [module.network.security_group_ids["api"]]
        assignPublicIp = "DISABLED"
      } }
    })
    deployments             = module.service.deployments
    repository_urls         = module.service.repository_urls
    database_cluster        = module.database.cluster_identifier
    snapshot_before_release = "${module.database.cluster_identifier}-before-" # start of the name of a snapshot
    static_bucket_name      = module.edge.static_bucket_name
    distribution_id         = module.edge.distribution_id
    dags_bucket_name        = module.pipeline.dags_bucket_name
    airflow_environment     = module.pipeline.environment_name
  }
}

output "evidence_bucket" {
  description = "Bucket that sealed runs are archived in."
  value       = module.evidence.name
}

output "backup" {
  description = "Vaults, and the plan that tries to restore from them."
  value = {
    vault_arns                = module.backup.vault_arns
    restore_testing_plan_name = module.backup.restore_testing_plan_name
  }
}

output "load_test" {
  description = "What starting a load test takes (modules/load/README.md): cluster, subnets, group, task definitions, workers, the master's name, repository, results; null while it is off."
  value = !var.load_test.enabled ? null : {
    cluster_name         = module.service.cluster_name
    subnet_ids           = module.network.private_subnet_ids
    security_group_id    = module.load[0].security_group_id
    task_definition_arns = module.load[0].task_definition_arns
    workers              = module.load[0].workers
    master_service_id    = module.load[0].master_service_id
    repository_url       = module.load[0].repository_url
    results_bucket_name  = module.load[0].results_bucket_name
  }
}
