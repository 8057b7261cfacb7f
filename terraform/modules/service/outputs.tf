output "cluster_name" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.this.name
}

output "cluster_arn" {
  description = "ARN of the ECS cluster."
  value       = aws_ecs_cluster.this.arn
}

output "service_names" {
  description = "Names of the ECS services, by component."
  value       = { for component, service in aws_ecs_service.this : component => service.name }
}

output "service_arns" {
  description = "ARNs of the ECS services, by component."
  value       = { for component, service in aws_ecs_service.this : component => service.id }
}

output "task_families" {
  description = "Families of the task definitions, by component, the migration among them."
  value = merge(
    { for component, task in aws_ecs_task_definition.service : component => task.family },
    { migration = aws_ecs_task_definition.migration.family },
  )
}

output "repository_arns" {
  description = "ARNs of the image repositories, by component."
  value       = { for component, repository in aws_ecr_repository.this : component => repository.arn }
}

output "repository_urls" {
  description = "Addresses of the image repositories, by component."
  value       = { for component, repository in aws_ecr_repository.this : component => repository.repository_url }
}

output "alb_arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "alb_arn_suffix" {
  description = "End of the load balancer's ARN, its dimension in CloudWatch."
  value       = aws_lb.this.arn_suffix
}

output "alb_dns_name" {
  description = "Host name of the load balancer, inside the network."
  value       = aws_lb.this.dns_name
}

output "alb_zone_id" {
  description = "Hosted zone of the load balancer's host name."
  value       = aws_lb.this.zone_id
}

output "listener_arns" {
  description = "ARNs of the listeners that CodeDeploy changes: live, test."
  value       = { live = aws_lb_listener.live.arn, test = aws_lb_listener.test.arn }
}

output "listener_rule_arns" {
  description = "ARNs of the listener rules that CodeDeploy changes."
  value       = [for rule in concat(values(aws_lb_listener_rule.live), values(aws_lb_listener_rule.test)) : rule.arn]
}

output "target_group_arn_suffixes" {
  description = "Ends of the target groups' ARNs, by component and colour (api_blue)."
  value       = { for key, group in aws_lb_target_group.this : key => group.arn_suffix }
}

output "log_group_names" {
  description = "Names of the services' log groups, by component."
  value       = { for component in keys(var.services) : component => aws_cloudwatch_log_group.this[component].name }
}

output "log_group_arns" {
  description = "ARNs of all log groups of tasks, by component, migration and collector among them."
  value       = { for component, group in aws_cloudwatch_log_group.this : component => group.arn }
}

output "codedeploy_app_name" {
  description = "Name of the CodeDeploy application."
  value       = aws_codedeploy_app.this.name
}

output "deployment_group_names" {
  description = "Names of the CodeDeploy deployment groups, by component."
  value       = { for component, group in aws_codedeploy_deployment_group.this : component => group.deployment_group_name }
}

output "deployment_config_name" {
  description = "Name of the CodeDeploy deployment configuration."
  value       = aws_codedeploy_deployment_config.this.deployment_config_name
}

output "verifier_arn" {
  description = "ARN of the function that AppSpec files name as AfterAllowTestTraffic."
  value       = aws_lambda_function.verifier.arn
}

output "migration_task" {
  description = "Input of `aws ecs run-task` for a migration, but for the network."
  value = {
    cluster        = aws_ecs_cluster.this.name
    taskDefinition = aws_ecs_task_definition.migration.arn
    launchType     = "FARGATE"
  }
}

output "deployments" {
  description = "Input of `aws deploy create-deployment`, by component: it releases the revision that this tree declares."
  value = {
    for component, group in aws_codedeploy_deployment_group.this : component => {
      applicationName     = aws_codedeploy_app.this.name
      deploymentGroupName = group.deployment_group_name
      revision = {
        revisionType = "AppSpecContent"
        appSpecContent = {
          content = jsonencode({
            version = 1
            Resources = [{ TargetService = { Type = "AWS::ECS::Service", Properties = {
              TaskDefinition   = aws_ecs_task_definition.service[component].arn
              LoadBalancerInfo = { ContainerName = component, ContainerPort = var.services[component].port }
            } } }]
            Hooks = [{ AfterAllowTestTraffic = local.verifier_arn }]
          })
        }
      }
    }
  }
}
