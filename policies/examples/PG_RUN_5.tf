resource "aws_efs_access_point" "confined" {
  file_system_id = "fs-1"
  root_directory {
    path = "/orders"
    creation_info {
      owner_uid   = 1000
      owner_gid   = 1000
      permissions = "0750"
    }
  }
  posix_user {
    uid = 1000
    gid = 1000
  }
}

resource "aws_efs_access_point" "left_at_the_defaults" { # violates PG_RUN_5
  file_system_id = "fs-1"
}

resource "aws_efs_access_point" "of_the_whole" { # violates PG_RUN_5
  file_system_id = "fs-1"
  root_directory {
    path = "/"
  }
  posix_user {
    uid = 1000
    gid = 1000
  }
}

resource "aws_efs_access_point" "as_anybody" { # violates PG_RUN_5
  file_system_id = "fs-1"
  root_directory {
    path = "/orders"
  }
}
