"""The IAM actions of calls, by the descriptions of botocore and boto3 and by AWS's pages."""

import pytest
from botocore import xform_name
from botocore.loaders import Loader

from prodgate.layers.static.used import _find_operations, _read, find_actions


@pytest.mark.parametrize(
    ("call", "actions"),
    [
        ("client sqs send_message", "sqs:SendMessage"),
        ("client lambda invoke", "lambda:InvokeFunction"),
        ("client elbv2 describe_load_balancers", "elasticloadbalancing:DescribeLoadBalancers"),
        ("client stepfunctions start_execution", "states:StartExecution"),
        ("client mwaa create_cli_token", "airflow:CreateCliToken"),
        ("client rds generate_db_auth_token", "rds-db:connect"),
        ("client s3 upload_file", "s3:PutObject"),
        ("client s3 copy_object", "s3:GetObject s3:PutObject"),
        ("client sts get_caller_identity", ""),
        ("paginator s3 list_objects_v2", "s3:ListBucket"),
        ("waiter ecs tasks_stopped", "ecs:DescribeTasks"),
        ("waiter rds db-cluster-snapshot-available", "rds:DescribeDBClusterSnapshots"),
        ("resource s3 Bucket", ""),
        ("resource s3 Bucket.name", ""),
        ("resource s3 Bucket.objects", "s3:ListBucket"),
        ("resource s3 Bucket.objects.all", ""),
        ("resource s3 Bucket.objects.all.delete", "s3:DeleteObject"),
        ("resource s3 Object.size", "s3:GetObject"),
        ("resource s3 Object.wait_until_exists", "s3:GetObject"),
        ("resource s3 Object.get.[].read", ""),
        ("resource dynamodb Table.put_item", "dynamodb:PutItem"),
        ("command deploy stop-deployment", "codedeploy:StopDeployment"),
        ("command ecr get-login-password", "ecr:GetAuthorizationToken"),
        ("command s3|cp s3 local", "s3:GetObject"),
        ("command s3|cp s3 local recursive", "s3:GetObject s3:ListBucket"),
        ("command s3|rm", "s3:DeleteObject"),
        ("command s3|sync local s3 delete", "s3:DeleteObject s3:ListBucket s3:PutObject"),
    ],
)
def test_a_call_needs_its_actions(call: str, actions: str) -> None:
    kind, service, method = call.replace("|", " ").split(" ", 2)
    assert find_actions(kind, service, method) == tuple(actions.split())


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("client s3 explode", "s3.explode: is no operation that botocore knows"),
        ("client nothing get", "nothing.get: botocore knows no service of that name"),
        ("client ../s3 get_object", "botocore knows no service of that name"),
        ("waiter s3 forever", "is no operation that botocore knows"),
        ("resource s3 Bucket.explode", "is no operation that botocore knows"),
        ("resource lambda Function", "is no operation that botocore knows"),
        ("client apigateway get_rest_apis", "which action GetRestApis needs is not known here"),
    ],
)
def test_what_is_not_known_is_said(call: str, reason: str) -> None:
    kind, service, method = call.split(" ", 2)
    assert reason in str(find_actions(kind, service, method))


@pytest.mark.parametrize("service", ["s3", "sqs", "codedeploy"])
def test_methods_are_those_that_botocore_makes(service: str) -> None:
    model = _read("botocore", service, "service-2")
    assert model is not None
    newest = Loader().load_service_model(service, "service-2")["operations"]
    assert model["operations"].keys() == newest.keys()
    for operation in newest:
        assert _find_operations("client", service, xform_name(operation), model) == (operation,)
