variable "later" {
  type = string
}

resource "aws_ecr_repository" "immutable" {
  name                 = "immutable"
  image_tag_mutability = "IMMUTABLE"
}

resource "aws_ecr_repository" "mutable" { # violates PG_DEP_8
  name                 = "mutable"
  image_tag_mutability = "MUTABLE"
}

resource "aws_ecr_repository" "left_at_the_default_of_mutable" { # violates PG_DEP_8
  name = "left-at-the-default-of-mutable"
}

resource "aws_ecr_repository" "immutable_but_for_some_tags" { # violates PG_DEP_8
  name                 = "immutable-but-for-some-tags"
  image_tag_mutability = "IMMUTABLE_WITH_EXCLUSION"

  image_tag_mutability_exclusion_filter {
    filter      = "latest*"
    filter_type = "WILDCARD"
  }
}

resource "aws_ecr_repository" "decided_later" { # undetermined PG_DEP_8
  name                 = "decided-later"
  image_tag_mutability = var.later
}
