resource "aws_emr_security_configuration" "encrypted" {
  configuration = jsonencode({
    EncryptionConfiguration = {
      EnableInTransitEncryption = false
      EnableAtRestEncryption    = true
      AtRestEncryptionConfiguration = {
        S3EncryptionConfiguration        = { EncryptionMode = "SSE-S3" }
        LocalDiskEncryptionConfiguration = { EncryptionKeyProviderType = "AwsKms", AwsKmsKey = "alias/emr" }
      }
    }
  })
}

resource "aws_emr_security_configuration" "files_alone" { # violates PG_ENC_21
  configuration = jsonencode({
    EncryptionConfiguration = {
      EnableInTransitEncryption     = false
      EnableAtRestEncryption        = true
      AtRestEncryptionConfiguration = { S3EncryptionConfiguration = { EncryptionMode = "SSE-S3" } }
    }
  })
}

resource "aws_emr_security_configuration" "of_something_else" { # violates PG_ENC_21
  configuration = jsonencode({ AuthorizationConfiguration = {} })
}
