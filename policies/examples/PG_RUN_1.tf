resource "aws_ecs_task_definition" "apart" {
  family = "apart"
  network_mode = "awsvpc"
  container_definitions = jsonencode([{ name = "app", image = "app" }])
}

resource "aws_ecs_task_definition" "privileged_stated_off" {
  family = "privileged-stated-off"
  container_definitions = jsonencode([{ name = "app", image = "app", privileged = false }])
}

resource "aws_ecs_task_definition" "a_folder_of_its_own" {
  family = "a-folder-of-its-own"
  volume {
    name      = "data"
    host_path = "/srv/app"
  }
  container_definitions = jsonencode([{ name = "app", image = "app" }])
}

resource "aws_ecs_task_definition" "privileged" { # violates PG_RUN_1
  family = "privileged"
  container_definitions = jsonencode([{ name = "app", image = "app", privileged = true }])
}

resource "aws_ecs_task_definition" "one_of_two_privileged" { # violates PG_RUN_1
  family = "one-of-two-privileged"
  container_definitions = jsonencode([{ name = "app", image = "app" }, { name = "beside", image = "beside", privileged = true }])
}

resource "aws_ecs_task_definition" "network_of_the_host" { # violates PG_RUN_1
  family = "network-of-the-host"
  network_mode = "host"
  container_definitions = jsonencode([{ name = "app", image = "app" }])
}

resource "aws_ecs_task_definition" "processes_of_the_host" { # violates PG_RUN_1
  family = "processes-of-the-host"
  pid_mode = "host"
  container_definitions = jsonencode([{ name = "app", image = "app" }])
}

resource "aws_ecs_task_definition" "docker_socket" { # violates PG_RUN_1
  family = "docker-socket"
  volume {
    name      = "docker"
    host_path = "/var/run/docker.sock"
  }
  container_definitions = jsonencode([{ name = "app", image = "app" }])
}

resource "aws_ecs_task_definition" "folder_of_the_docker_socket" { # violates PG_RUN_1
  family = "folder-of-the-docker-socket"
  volume {
    name      = "docker"
    host_path = "/var/run/"
  }
  container_definitions = jsonencode([{ name = "app", image = "app" }])
}

resource "aws_ecs_task_definition" "privileged_in_another_case" { # violates PG_RUN_1
  family                = "agent"
  container_definitions = jsonencode([{ Name = "agent", Image = "agent", Privileged = true }])
}

resource "aws_ecs_task_definition" "with_a_capability_that_rules_the_host" { # violates PG_RUN_1
  family                = "with-a-capability-that-rules-the-host"
  container_definitions = jsonencode([{ name = "app", image = "app", linuxParameters = { capabilities = { add = ["SYS_ADMIN"] } } }])
}

resource "aws_ecs_task_definition" "with_a_capability_that_stays_inside" {
  family                = "with-a-capability-that-stays-inside"
  container_definitions = jsonencode([{ name = "app", image = "app", linuxParameters = { capabilities = { add = ["SYS_PTRACE"], drop = ["ALL"] } } }])
}

resource "aws_ecs_task_definition" "docker_volume_of_the_root" { # violates PG_RUN_1
  family                = "docker-volume-of-the-root"
  container_definitions = jsonencode([{ name = "app", image = "app" }])

  volume {
    name = "root"
    docker_volume_configuration {
      driver      = "local"
      driver_opts = { type = "none", o = "bind", device = "/" }
    }
  }
}

resource "aws_batch_job_definition" "a_job_apart" {
  name = "a-job-apart"
  type = "container"
  container_properties = jsonencode({ image = "app", command = ["run"] })
}

resource "aws_batch_job_definition" "a_privileged_job" { # violates PG_RUN_1
  name = "a-privileged-job"
  type = "container"
  container_properties = jsonencode({ image = "app", privileged = true })
}

resource "aws_batch_job_definition" "a_job_with_all_capabilities" { # violates PG_RUN_1
  name = "a-job-with-all-capabilities"
  type = "container"
  container_properties = jsonencode({ image = "app", linuxParameters = { capabilities = { add = ["ALL"] } } })
}

resource "aws_batch_job_definition" "a_job_with_the_docker_socket" { # violates PG_RUN_1
  name = "a-job-with-the-docker-socket"
  type = "container"
  container_properties = jsonencode({ image = "app", volumes = [{ name = "d", host = { sourcePath = "/var/run/docker.sock" } }] })
}

resource "aws_batch_job_definition" "a_privileged_node" { # violates PG_RUN_1
  name = "a-privileged-node"
  type = "multinode"
  node_properties = jsonencode({
    mainNode = 0, numNodes = 1
    nodeRangeProperties = [{ targetNodes = "0:", container = { image = "app", privileged = true } }]
  })
}

resource "aws_batch_job_definition" "a_task_with_the_processes_of_the_host" { # violates PG_RUN_1
  name = "a-task-with-the-processes-of-the-host"
  type = "container"
  ecs_properties = jsonencode({ taskProperties = [{ pidMode = "host", containers = [{ name = "app", image = "app" }] }] })
}

resource "aws_batch_job_definition" "a_privileged_pod" { # violates PG_RUN_1
  name = "a-privileged-pod"
  type = "container"
  eks_properties {
    pod_properties {
      containers {
        image = "app"
        security_context {
          privileged = true
        }
      }
    }
  }
}

resource "aws_batch_job_definition" "a_pod_apart" {
  name = "a-pod-apart"
  type = "container"
  eks_properties {
    pod_properties {
      containers {
        image = "app"
      }
      volumes {
        host_path {
          path = "/srv/app"
        }
      }
    }
  }
}
