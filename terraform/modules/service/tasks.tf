# What runs in a task: the component, and beside it the collector that carries its traces to X-Ray. Nothing runs as
# root, nothing can write to its own image, and what has to be written goes to scratch volumes that end with the task.

locals {
  traces_endpoint = "http://127.0.0.1:4317"

  log_configuration = {
    for component, group in aws_cloudwatch_log_group.this : component => {
      logDriver = "awslogs"
      options = {
        awslogs-group         = group.name
        awslogs-region        = local.region
        awslogs-stream-prefix = component
        # Rather lose lines than stand still when CloudWatch does not keep up.
        mode            = "non-blocking"
        max-buffer-size = "25m"
      }
    }
  }

  hardened = {
    essential              = true
    privileged             = false
    readonlyRootFilesystem = true
    user                   = "10001:10001"
    interactive            = false
    pseudoTerminal         = false
    # Signals reach the component, zombies are reaped, and no kernel capability is left.
    linuxParameters = { initProcessEnabled = true, capabilities = { drop = ["ALL"], add = [] } }
    stopTimeout     = 60
    systemControls  = []
    volumesFrom     = []
  }

  collector = merge(local.hardened, {
    name             = "collector"
    image            = local.images["collector"]
    essential        = false # traces are worth less than answers
    command          = []
    memory           = var.collector_memory
    mountPoints      = []
    portMappings     = []
    secrets          = []
    logConfiguration = local.log_configuration["collector"]
    environment      = [{ name = "AOT_CONFIG_CONTENT", value = templatefile("${path.module}/collector.yaml.tftpl", { region = local.region }) }]
    healthCheck      = { command = ["CMD", "/healthcheck"], interval = 15, timeout = 5, retries = 3, startPeriod = 10 }
  })

  containers = {
    for component, service in var.services : component => merge(local.hardened, {
      name             = component
      image            = local.images[component]
      command          = []
      portMappings     = [{ name = component, containerPort = service.port, hostPort = service.port, protocol = "tcp", appProtocol = "http" }]
      mountPoints      = [for path in service.writable_paths : { sourceVolume = replace(trim(path, "/"), "/[^a-z0-9]+/", "-"), containerPath = path, readOnly = false }]
      dependsOn        = [{ containerName = local.collector.name, condition = "START" }]
      logConfiguration = local.log_configuration[component]
      secrets          = [for name, source in service.secrets : { name = name, valueFrom = source }]
      healthCheck      = { command = concat(["CMD"], service.health_command), interval = 15, timeout = 5, retries = 3, startPeriod = 30 }
      environment = [
        for name, value in merge(service.environment, {
          AWS_REGION                  = local.region
          ENVIRONMENT                 = "production"
          OTEL_EXPORTER_OTLP_ENDPOINT = local.traces_endpoint
          OTEL_PROPAGATORS            = "xray,tracecontext,baggage"
          OTEL_SERVICE_NAME           = component
        }) : { name = name, value = value }
      ]
    })
  }
}

resource "aws_ecs_task_definition" "service" {
  for_each = var.services

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = tostring(var.task_size.cpu)
  memory                   = tostring(var.task_size.memory)
  task_role_arn            = each.value.task_role_arn
  execution_role_arn       = each.value.execution_role_arn
  skip_destroy             = true # a rollback needs the old revision
  enable_fault_injection   = false
  container_definitions    = jsonencode([local.containers[each.key], local.collector])

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }

  dynamic "volume" {
    for_each = toset([for mount in local.containers[each.key].mountPoints : mount.sourceVolume])

    content {
      name = volume.value
    }
  }
}

# Runs once before a release, started by the deploy workflow, which goes on only when it ends with 0.
resource "aws_ecs_task_definition" "migration" {
  family                   = "${var.name}-migration"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = tostring(var.task_size.cpu)
  memory                   = tostring(var.task_size.memory)
  task_role_arn            = var.migration.task_role_arn
  execution_role_arn       = var.migration.execution_role_arn
  skip_destroy             = true
  enable_fault_injection   = false

  container_definitions = jsonencode([merge(local.hardened, {
    name             = "migration"
    image            = local.images["api"]
    command          = var.migration.command
    mountPoints      = []
    portMappings     = []
    secrets          = []
    logConfiguration = local.log_configuration["migration"]
    environment = [
      for name, value in merge(var.migration.environment, { AWS_REGION = local.region, ENVIRONMENT = "production" }) :
      { name = name, value = value }
    ]
  })])

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }
}
