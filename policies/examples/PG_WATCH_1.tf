resource "aws_guardduty_detector" "on" {
  enable = true
}

resource "aws_guardduty_detector_feature" "s3" {
  detector_id = aws_guardduty_detector.on.id
  name        = "S3_DATA_EVENTS"
  status      = "ENABLED"
}

resource "aws_guardduty_detector" "off" { # violates PG_WATCH_1
  enable = false
}

resource "aws_guardduty_detector" "blind_to_s3" { # violates PG_WATCH_1
  enable                       = true
  finding_publishing_frequency = "FIFTEEN_MINUTES"
}

resource "aws_guardduty_detector_feature" "s3_off" {
  detector_id = aws_guardduty_detector.blind_to_s3.id
  name        = "S3_DATA_EVENTS"
  status      = "DISABLED"
}

resource "aws_guardduty_detector" "blind_by_its_own_switch" { # violates PG_WATCH_1
  enable = true
  datasources {
    s3_logs {
      enable = false
    }
  }
}

resource "aws_guardduty_detector" "seeing_by_its_own_switch" {
  enable = true
  datasources {
    s3_logs {
      enable = true
    }
  }
}
