resource "aws_emr_security_configuration" "encrypted" {
  configuration = jsonencode({
    EncryptionConfiguration = {
      EnableAtRestEncryption    = false
      EnableInTransitEncryption = true
      InTransitEncryptionConfiguration = {
        TLSCertificateConfiguration = { CertificateProviderType = "PEM", S3Object = "s3://certificates/emr.zip" }
      }
    }
  })
}

resource "aws_emr_security_configuration" "in_plain_text" { # violates PG_ENC_22
  configuration = jsonencode({
    EncryptionConfiguration = { EnableAtRestEncryption = true, EnableInTransitEncryption = false }
  })
}

resource "aws_emr_security_configuration" "of_something_else" { # violates PG_ENC_22
  configuration = jsonencode({ AuthorizationConfiguration = {} })
}
