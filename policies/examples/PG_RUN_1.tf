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
