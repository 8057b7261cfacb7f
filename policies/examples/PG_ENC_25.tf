locals {
  role = "arn:aws:iam::123456789012:role/build"
}

resource "aws_codebuild_project" "encrypted" {
  name         = "encrypted"
  service_role = local.role
  artifacts {
    type     = "S3"
    location = "nba-news-builds"
  }
  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    type         = "LINUX_CONTAINER"
  }
  source {
    type     = "GITHUB"
    location = "https://github.com/example/news.git"
  }
}

resource "aws_codebuild_project" "plain" { # violates PG_ENC_25
  name         = "plain"
  service_role = local.role
  artifacts {
    type                = "S3"
    location            = "nba-news-builds"
    encryption_disabled = true
  }
  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    type         = "LINUX_CONTAINER"
  }
  source {
    type     = "GITHUB"
    location = "https://github.com/example/news.git"
  }
}

resource "aws_codebuild_project" "plain_beside" { # violates PG_ENC_25
  name         = "plain-beside"
  service_role = local.role
  artifacts {
    type     = "S3"
    location = "nba-news-builds"
  }
  secondary_artifacts {
    artifact_identifier = "symbols"
    type                = "S3"
    location            = "nba-news-builds"
    encryption_disabled = true
  }
  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    type         = "LINUX_CONTAINER"
  }
  source {
    type     = "GITHUB"
    location = "https://github.com/example/news.git"
  }
}
