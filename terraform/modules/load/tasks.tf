# What the tasks run. Both have the image that this repository builds; what is asked of them is in the definition, where
# it was reviewed, and not in whoever starts it.

locals {
  master_port = 5557
  results     = "/results"
  record      = "${local.results}/record.json"
  # Seconds: a request that takes longer has failed, and as long again for its end.
  timeout = 10
  # Seconds that the master waits for its workers, which are started when its address is known.
  gathering = 900

  settings = {
    host    = var.host
    record  = local.record
    workers = var.workers
    profile = {
      name     = "surge"
      rate     = var.rate
      duration = var.duration_seconds
      warm_up  = 10
      timeout  = local.timeout
    }
  }

  locust = "locust -f /app/loadtests/locustfile.py,$(python -c 'import prodgate.load as load; print(load.PLUGIN)')"

  # The record leaves with the task, so it is kept before the task ends, also when the load failed.
  keep = <<-PYTHON
    import boto3, os, pathlib, time
    begun = time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime())
    for path in pathlib.Path("${local.results}").glob("*.*"):
        boto3.client("s3").upload_file(str(path), os.environ["RESULTS"], f"{begun}/{path.name}")
  PYTHON

  commands = {
    master = join("\n", [
      "${local.locust} --master --expect-workers ${var.workers} --expect-workers-max-wait ${local.gathering} --headless --only-summary -u ${var.workers} -r ${var.workers} -H ${var.host} --html ${local.results}/locust.html --stop-timeout ${local.timeout + 5}",
      "ended=$?",
      "python -c \"$KEEP\" || exit 1",
      "exit $ended",
    ])
    worker = "exec ${local.locust} --worker --master-host ${local.master_name} --master-port ${local.master_port}"
  }

  environment = {
    # The workers need none of it: the master tells them.
    master = { AWS_REGION = local.region, KEEP = local.keep, PRODGATE_LOAD = jsonencode(local.settings), RESULTS = module.results.name }
    worker = {}
  }

  containers = {
    for member in local.members : member => {
      name      = member
      image     = "${aws_ecr_repository.this.repository_url}@${var.image_digest}"
      essential = true
      command   = ["sh", "-c", local.commands[member]]

      privileged             = false
      readonlyRootFilesystem = true
      user                   = "10001:10001"
      interactive            = false
      pseudoTerminal         = false
      linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"], add = [] } }
      stopTimeout            = 60
      systemControls         = []
      volumesFrom            = []
      secrets                = []
      portMappings           = member == "master" ? [{ name = "master", containerPort = local.master_port, hostPort = local.master_port, protocol = "tcp" }] : []
      environment            = [for name, value in local.environment[member] : { name = name, value = value }]

      mountPoints = [
        { sourceVolume = "tmp", containerPath = "/tmp", readOnly = false },
        { sourceVolume = "results", containerPath = local.results, readOnly = false },
      ]

      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.this[member].name
          awslogs-region        = local.region
          awslogs-stream-prefix = member
          mode                  = "non-blocking"
          max-buffer-size       = "25m"
        }
      }
    }
  }
}

resource "aws_ecs_task_definition" "this" {
  for_each = local.members

  family                   = "${var.name}-load-${each.value}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = tostring(var.task_size.cpu)
  memory                   = tostring(var.task_size.memory)
  task_role_arn            = aws_iam_role.task[each.value].arn
  execution_role_arn       = aws_iam_role.execution.arn
  enable_fault_injection   = false
  container_definitions    = jsonencode([local.containers[each.value]])

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }

  dynamic "volume" {
    for_each = toset(["tmp", "results"])

    content {
      name = volume.value
    }
  }
}
