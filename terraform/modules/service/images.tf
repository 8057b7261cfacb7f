locals {
  # The collector comes from AWS's public gallery, through a cache of our own: scanned like our images, encrypted with
  # our key, and there when the gallery is not.
  gallery              = "ecr-public"
  collector_repository = "${local.gallery}/aws-observability/aws-otel-collector"

  repositories = merge(
    { for component in keys(var.services) : component => "${var.name}/${component}" },
    { collector = local.collector_repository },
  )

  images = {
    for component, repository in aws_ecr_repository.this :
    component => "${repository.repository_url}@${var.image_digests[component]}"
  }
}

resource "aws_ecr_repository" "this" {
  for_each = local.repositories

  name                 = each.value
  image_tag_mutability = "IMMUTABLE"
  force_delete         = false

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.kms_key_arn
  }
}

resource "aws_ecr_pull_through_cache_rule" "gallery" {
  ecr_repository_prefix = local.gallery
  upstream_registry_url = "public.ecr.aws"
}

# Inspector scans again whenever a new vulnerability becomes known, not just on push.
resource "aws_ecr_registry_scanning_configuration" "this" {
  scan_type = "ENHANCED"

  rule {
    scan_frequency = "CONTINUOUS_SCAN"

    repository_filter {
      filter      = "*"
      filter_type = "WILDCARD"
    }
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each   = aws_ecr_repository.this
  repository = each.value.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Images without a tag are leftovers of builds"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "As far back as anybody would roll back"
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 100 }
        action       = { type = "expire" }
      },
    ]
  })
}
