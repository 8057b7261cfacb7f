resource "aws_s3_bucket" "without_acl" {
  bucket = "without-acl"
}

resource "aws_s3_bucket_ownership_controls" "acls_off" {
  bucket = aws_s3_bucket.without_acl.id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_acl" "private" {
  bucket = aws_s3_bucket.without_acl.id
  acl    = "private"
}

resource "aws_s3_bucket_acl" "public_read" { # violates PG_NET_12
  bucket = aws_s3_bucket.without_acl.id
  acl    = "public-read"
}

resource "aws_s3_bucket_acl" "anybody_with_an_account" { # violates PG_NET_12
  bucket = aws_s3_bucket.without_acl.id
  access_control_policy {
    owner {
      id = "owner"
    }
    grant {
      permission = "READ"
      grantee {
        type = "Group"
        uri  = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
      }
    }
  }
}

resource "aws_s3_bucket" "public_in_the_old_way" { # violates PG_NET_12
  bucket = "old-way"
  acl    = "public-read-write"
}

resource "aws_s3_bucket_ownership_controls" "whoever_writes_owns" { # violates PG_NET_12
  bucket = aws_s3_bucket.without_acl.id
  rule {
    object_ownership = "ObjectWriter"
  }
}
