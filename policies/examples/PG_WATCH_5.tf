resource "aws_accessanalyzer_analyzer" "access_from_outside" {
  analyzer_name = "outside"
  type          = "ACCOUNT"
}

resource "aws_accessanalyzer_analyzer" "hides_what_is_public" { # violates PG_WATCH_5
  analyzer_name = "hides"
}

resource "aws_accessanalyzer_archive_rule" "hides_what_is_public" {
  analyzer_name = aws_accessanalyzer_analyzer.hides_what_is_public.analyzer_name
  rule_name     = "quiet"
  filter {
    criteria = "isPublic"
    eq       = ["true"]
  }
}

resource "aws_accessanalyzer_analyzer" "unused_access_beside_it" { # not-applicable PG_WATCH_5
  analyzer_name = "unused"
  type          = "ACCOUNT_UNUSED_ACCESS"
}
