resource "aws_ecr_repository" "scanned_on_push" {
  name = "news-api"
  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_repository" "scanned_by_the_registry" {
  name = "shared/tools"
}

resource "aws_ecr_registry_scanning_configuration" "shared" {
  scan_type = "ENHANCED"
  rule {
    scan_frequency = "CONTINUOUS_SCAN"
    repository_filter {
      filter      = "shared/*"
      filter_type = "WILDCARD"
    }
  }
}

resource "aws_ecr_repository" "not_scanned_by_default" { # violates PG_WATCH_8
  name = "news-web"
}

resource "aws_ecr_repository" "switched_off" { # violates PG_WATCH_8
  name = "news-job"
  image_scanning_configuration {
    scan_on_push = false
  }
}
