resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "clean-up"
    status = "Enabled"

    filter {}

    # Parts of an upload that never ended are invisible in listings, and paid for.
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = var.keep_noncurrent_days
    }

    dynamic "expiration" {
      for_each = var.expire_after_days[*]

      content {
        days = expiration.value
      }
    }

    dynamic "transition" {
      for_each = var.infrequent_after_days[*]

      content {
        days          = transition.value
        storage_class = "STANDARD_IA"
      }
    }
  }

  # A lifecycle that is set before versioning is on may apply to unversioned objects.
  depends_on = [aws_s3_bucket_versioning.this]

  lifecycle {
    precondition {
      condition     = try(var.infrequent_after_days < var.expire_after_days, true)
      error_message = "infrequent_after_days must be less than expire_after_days: objects can't move after they are gone."
    }

    precondition {
      condition     = try(var.lock_days <= var.expire_after_days, true)
      error_message = "expire_after_days must not be less than lock_days: a lifecycle can't delete what is locked."
    }
  }
}
