"""Resources of systems shaped differently from the worked example are created as well, with no change left."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from prodgate.rehearsal.account import OriginalAccount, apply_root
from prodgate.terraform.diagnostics import TerraformError

pytestmark = [pytest.mark.once, pytest.mark.slow]
ROOT = """
provider "aws" {
  region              = "eu-central-1"
  allowed_account_ids = ["111122223333"]
}
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "one" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.1.0/24"
}
resource "aws_security_group" "app" {
  name   = "app"
  vpc_id = aws_vpc.main.id
}
resource "aws_security_group_rule" "in" {
  security_group_id = aws_security_group.app.id
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["10.0.0.0/16"]
}
resource "aws_db_instance" "orders" {
  identifier                  = "orders"
  engine                      = "postgres"
  instance_class              = "db.t4g.medium"
  allocated_storage           = 20
  username                    = "orders"
  manage_master_user_password = true
  storage_encrypted           = true
  deletion_protection         = true
  backup_retention_period     = 30
  skip_final_snapshot         = true
}
resource "aws_iam_role" "app" {
  name               = "app"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}
resource "aws_iam_policy" "read" {
  name   = "read"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "dynamodb:GetItem", Resource = aws_dynamodb_table.carts.arn }]
  })
}
resource "aws_iam_role_policy_attachment" "app" {
  role       = aws_iam_role.app.name
  policy_arn = aws_iam_policy.read.arn
}
resource "aws_iam_instance_profile" "app" {
  name = "app"
  role = aws_iam_role.app.name
}
resource "aws_iam_user" "old" {
  name = "old"
}
resource "aws_iam_user_policy" "old" {
  user   = aws_iam_user.old.name
  name   = "read"
  policy = aws_iam_policy.read.policy
}
resource "aws_iam_user_policy_attachment" "old" {
  user       = aws_iam_user.old.name
  policy_arn = aws_iam_policy.read.arn
}
resource "aws_instance" "jump" {
  ami                    = "ami-0123456789abcdef0"
  instance_type          = "t4g.small"
  subnet_id              = aws_subnet.one.id
  vpc_security_group_ids = [aws_security_group.app.id]
  iam_instance_profile   = aws_iam_instance_profile.app.name
  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }
}
resource "aws_launch_template" "app" {
  name_prefix   = "app-"
  image_id      = "ami-0123456789abcdef0"
  instance_type = "t4g.small"
  iam_instance_profile {
    name = aws_iam_instance_profile.app.name
  }
}
resource "aws_autoscaling_group" "app" {
  name                = "app"
  min_size            = 1
  max_size            = 2
  vpc_zone_identifier = [aws_subnet.one.id]
  launch_template {
    id      = aws_launch_template.app.id
    version = "$Latest"
  }
}
resource "aws_secretsmanager_secret" "token" {
  name = "token"
}
resource "aws_secretsmanager_secret_version" "token" {
  secret_id     = aws_secretsmanager_secret.token.id
  secret_string = "not a secret"
}
resource "aws_dynamodb_table" "carts" {
  name                        = "carts"
  hash_key                    = "id"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = true
  stream_enabled              = true
  stream_view_type            = "NEW_IMAGE"
  attribute {
    name = "id"
    type = "S"
  }
  point_in_time_recovery {
    enabled = true
  }
}
resource "aws_apigatewayv2_api" "shop" {
  name          = "shop"
  protocol_type = "HTTP"
}
resource "aws_apigatewayv2_integration" "shop" {
  api_id             = aws_apigatewayv2_api.shop.id
  integration_type   = "HTTP_PROXY"
  integration_method = "ANY"
  integration_uri    = "https://shop.example"
}
resource "aws_apigatewayv2_authorizer" "shop" {
  api_id           = aws_apigatewayv2_api.shop.id
  name             = "shop"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]
  jwt_configuration {
    audience = ["shop"]
    issuer   = "https://login.shop.example"
  }
}
resource "aws_apigatewayv2_route" "shop" {
  api_id             = aws_apigatewayv2_api.shop.id
  route_key          = "GET /orders"
  authorization_type = "JWT"
  authorizer_id      = aws_apigatewayv2_authorizer.shop.id
  target             = "integrations/${aws_apigatewayv2_integration.shop.id}"
}
resource "aws_apigatewayv2_stage" "shop" {
  api_id = aws_apigatewayv2_api.shop.id
  name   = "live"
}
resource "aws_sqs_queue" "dead" {
  name = "dead"
}
resource "aws_sqs_queue" "orders" {
  name = "orders"
}
resource "aws_sqs_queue_redrive_policy" "orders" {
  queue_url      = aws_sqs_queue.orders.id
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 3 })
}
resource "aws_lambda_function" "worker" {
  function_name    = "worker"
  role             = aws_iam_role.app.arn
  runtime          = "python3.13"
  handler          = "main.handler"
  publish          = true
  filename         = "build/worker.zip"
  source_code_hash = filebase64sha256("${path.root}/build/worker.zip")
}
resource "aws_lambda_function" "report" {
  function_name = "report"
  role          = aws_iam_role.app.arn
  runtime       = "python3.13"
  handler       = "main.handler"
  filename      = "dist/report.zip"
}
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.worker.function_name
  function_version = aws_lambda_function.worker.version
}
resource "aws_lambda_function_event_invoke_config" "report" {
  function_name          = aws_lambda_function.report.function_name
  maximum_retry_attempts = 1
  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead.arn
    }
  }
}
resource "aws_lambda_event_source_mapping" "orders" {
  event_source_arn        = aws_sqs_queue.orders.arn
  function_name           = aws_lambda_function.worker.arn
  function_response_types = ["ReportBatchItemFailures"]
  scaling_config {
    maximum_concurrency = 4
  }
}
resource "aws_lambda_event_source_mapping" "carts" {
  event_source_arn  = aws_dynamodb_table.carts.stream_arn
  function_name     = aws_lambda_function.report.arn
  starting_position = "LATEST"
  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.dead.arn
    }
  }
}
resource "aws_cloudwatch_event_bus" "shop" {
  name = "shop"
}
resource "aws_cloudwatch_event_bus_policy" "shop" {
  event_bus_name = aws_cloudwatch_event_bus.shop.name
  policy         = jsonencode({
    Version   = "2012-10-17"
    Statement = [{
      Sid       = "tills"
      Effect    = "Allow"
      Action    = "events:PutEvents"
      Resource  = aws_cloudwatch_event_bus.shop.arn
      Principal = { AWS = "arn:aws:iam::111122223333:root" }
    }]
  })
}
resource "aws_cloudwatch_event_rule" "paid" {
  name           = "paid"
  event_bus_name = aws_cloudwatch_event_bus.shop.name
  event_pattern  = jsonencode({ source = ["shop"] })
}
resource "aws_cloudwatch_event_target" "paid" {
  rule           = aws_cloudwatch_event_rule.paid.name
  event_bus_name = aws_cloudwatch_event_bus.shop.name
  arn            = aws_sqs_queue.orders.arn
  dead_letter_config {
    arn = aws_sqs_queue.dead.arn
  }
}
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OriginalAccount]:
    place = tmp_path_factory.mktemp("root")
    (place / "main.tf").write_text(ROOT, "utf-8")
    with apply_root(place) as made:
        yield made


def test_all_of_it_is_created(original: OriginalAccount) -> None:
    assert original.account.failed == ()
    assert original.account.not_created == {}


def test_the_next_plan_has_nothing_to_change(original: OriginalAccount) -> None:
    assert original.changes() == {}


def test_an_instance_of_a_database_is_as_it_is_declared(original: OriginalAccount) -> None:
    (found,) = original.account.clients("rds").describe_db_instances()["DBInstances"]
    assert (found["DBInstanceIdentifier"], found["StorageEncrypted"], found["BackupRetentionPeriod"]) == (
        "orders",
        True,
        30,
    )
    assert found["DeletionProtection"]
    assert "DBClusterIdentifier" not in found


def test_instances_run_in_their_network_with_their_role(original: OriginalAccount) -> None:
    ec2 = original.account.clients("ec2")
    found = [each for one in ec2.describe_instances()["Reservations"] for each in one["Instances"]]
    assert len(found) == 2
    assert {each["VpcId"] for each in found} == {original.account.declared("aws_vpc")["aws_vpc.main"]["id"]}
    (jump,) = [each for each in found if each.get("MetadataOptions", {}).get("HttpTokens") == "required"]
    assert jump["IamInstanceProfile"]["Arn"].endswith(":instance-profile/app")


def test_who_holds_what_is_as_it_is_declared(original: OriginalAccount) -> None:
    (user,) = original.account.clients("iam").get_account_authorization_details()["UserDetailList"]
    assert [each["PolicyName"] for each in user["AttachedManagedPolicies"]] == ["read"]
    assert [each["PolicyName"] for each in user["UserPolicyList"]] == ["read"]


def test_failures_of_queues_functions_and_rules_go_where_it_is_declared(original: OriginalAccount) -> None:
    clients, dead = original.account.clients, "arn:aws:sqs:eu-central-1:111122223333:dead"
    worker, report = (original.account.declared("aws_lambda_function")[f"aws_lambda_function.{name}"]["arn"]
                      for name in ("worker", "report"))  # fmt: skip
    found = {
        each["FunctionArn"]: each for each in clients("lambda").list_event_source_mappings()["EventSourceMappings"]
    }
    assert found.keys() == {worker, report}
    assert found[worker]["ScalingConfig"] == {"MaximumConcurrency": 4}
    assert found[report]["DestinationConfig"] == {"OnFailure": {"Destination": dead}}
    (calls,) = clients("lambda").list_function_event_invoke_configs(FunctionName="report")["FunctionEventInvokeConfigs"]
    assert calls["DestinationConfig"]["OnFailure"] == {"Destination": dead}
    (target,) = clients("events").list_targets_by_rule(Rule="paid", EventBusName="shop")["Targets"]
    assert target["DeadLetterConfig"] == {"Arn": dead}
    assert "tills" in clients("events").describe_event_bus(Name="shop")["Policy"]
    shown = clients("sqs").get_queue_attributes(
        QueueUrl=clients("sqs").get_queue_url(QueueName="orders")["QueueUrl"], AttributeNames=["RedrivePolicy"]
    )
    assert dead in shown["Attributes"]["RedrivePolicy"]


def test_a_package_that_is_not_built_is_an_empty_archive_in_the_copy_alone(original: OriginalAccount) -> None:
    functions = original.account.clients("lambda").list_functions()["Functions"]
    assert {each["FunctionName"]: each["CodeSize"] for each in functions} == {"worker": 22, "report": 22}


def test_an_alias_leads_to_the_version_that_is_published(original: OriginalAccount) -> None:
    (alias,) = original.account.clients("lambda").list_aliases(FunctionName="worker")["Aliases"]
    assert (alias["Name"], alias["FunctionVersion"]) == ("live", "1")


def test_another_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('output "digest" {\n  value = filemd5("terms.txt")\n}\n', "utf-8")
    with pytest.raises(TerraformError, match=r"terms\.txt: no such file"), apply_root(tmp_path):
        pass
