resource "aws_codedeploy_deployment_group" "half_at_a_time" {
  app_name               = "app"
  deployment_group_name  = "half"
  service_role_arn       = "arn:aws:iam::123456789012:role/deploy"
  deployment_config_name = "CodeDeployDefault.HalfAtATime"
}

resource "aws_codedeploy_deployment_group" "left_at_the_default" {
  app_name              = "app"
  deployment_group_name = "default"
  service_role_arn      = "arn:aws:iam::123456789012:role/deploy"
}

resource "aws_codedeploy_deployment_group" "blue_green" { # not-applicable PG_DEP_11
  app_name               = "app"
  deployment_group_name  = "blue-green"
  service_role_arn       = "arn:aws:iam::123456789012:role/deploy"
  deployment_config_name = "CodeDeployDefault.AllAtOnce"
  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }
}

resource "aws_codedeploy_deployment_group" "all_at_once" { # violates PG_DEP_11
  app_name               = "app"
  deployment_group_name  = "all"
  service_role_arn       = "arn:aws:iam::123456789012:role/deploy"
  deployment_config_name = "CodeDeployDefault.AllAtOnce"
}
