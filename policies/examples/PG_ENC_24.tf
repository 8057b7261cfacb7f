variable "unchecked" { type = bool }

locals {
  role = "arn:aws:iam::123456789012:role/build"
}

resource "aws_codebuild_project" "checked" {
  name         = "checked"
  service_role = local.role
  artifacts {
    type = "NO_ARTIFACTS"
  }
  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    type         = "LINUX_CONTAINER"
  }
  source {
    type     = "GITHUB_ENTERPRISE"
    location = "https://git.example.com/nba/news.git"
  }
}

resource "aws_codebuild_project" "unchecked" { # violates PG_ENC_24
  name         = "unchecked"
  service_role = local.role
  artifacts {
    type = "NO_ARTIFACTS"
  }
  environment {
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    type         = "LINUX_CONTAINER"
  }
  source {
    type         = "GITHUB_ENTERPRISE"
    location     = "https://git.example.com/nba/news.git"
    insecure_ssl = true
  }
}

resource "aws_codebuild_project" "unchecked_beside" { # violates PG_ENC_24
  name         = "unchecked-beside"
  service_role = local.role
  artifacts {
    type = "NO_ARTIFACTS"
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
  secondary_sources {
    source_identifier = "theme"
    type              = "GITHUB_ENTERPRISE"
    location          = "https://git.example.com/nba/theme.git"
    insecure_ssl      = true
  }
}

resource "aws_api_gateway_integration" "checked" {
  rest_api_id = "a1b2c3"
  resource_id = "d4e5f6"
  http_method = "GET"
  type        = "HTTP_PROXY"
  uri         = "https://origin.example.com/"
}

resource "aws_api_gateway_integration" "unchecked" { # violates PG_ENC_24
  rest_api_id = "a1b2c3"
  resource_id = "d4e5f6"
  http_method = "POST"
  type        = "HTTP_PROXY"
  uri         = "https://origin.example.com/"
  tls_config {
    insecure_skip_verification = true
  }
}

resource "aws_api_gateway_integration" "decided_later" { # undetermined PG_ENC_24
  rest_api_id = "a1b2c3"
  resource_id = "d4e5f6"
  http_method = "PUT"
  type        = "HTTP_PROXY"
  uri         = "https://origin.example.com/"
  tls_config {
    insecure_skip_verification = var.unchecked
  }
}
