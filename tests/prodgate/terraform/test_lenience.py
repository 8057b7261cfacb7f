"""Parts that can't be evaluated are removed as a gap, or are unknown; the rest of the root is judged."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from policies import secrets, security_services  # noqa: F401  registers their policies
from policies.identity import nobody_holds_a_key

from prodgate import Configuration, Resource
from prodgate.semantics.unresolved import Unknown, Unresolved
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.positions import Position
from prodgate.terraform.resources import Gap
from prodgate.terraform.serialization import from_json, to_json
from prodgate.terraform.working_copy import UNREAD
from prodgate.testing import POLICIES, Outcome, apply, load_criteria
from tests.prodgate.terraform.tree_files import Plant
from tests.trees import write_tree

#: A registry's module, a provider that nobody stands in for, and a resource of an older AWS provider.
PARTIAL: Mapping[str, str] = {
    "main.tf": """
terraform {
  required_providers {
    aws    = { source = "hashicorp/aws" }
    docker = { source = "kreuzwerker/docker", version = "3.0.2" }
  }
}
provider "docker" {}
module "vpc" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "~> 6.0"
  name    = "v"
}
locals {
  subnets = module.vpc.private_subnets
}
resource "docker_image" "app" {
  name = "app"
}
data "docker_registry_image" "base" {
  name = "base"
}
resource "aws_sqs_queue" "alone" {
  name = "alone"
}
resource "aws_lb" "front" {
  name       = docker_image.app.name
  subnets    = local.subnets
  depends_on = [module.vpc, docker_image.app]
}
resource "aws_route_table_association" "one" {
  for_each       = toset(module.vpc.private_subnets)
  subnet_id      = each.value
  route_table_id = "rtb-1"
}
resource "aws_sns_topic" "each" {
  count = length(aws_route_table_association.one) * 2
  name  = "t${count.index}-${data.docker_registry_image.base.id}"
}
resource "aws_db_instance" "old" {
  name           = "orders"
  instance_class = "db.t3.micro"
}
output "old" {
  value = "${aws_db_instance.old.name}/${module.vpc.vpc_id}"
}
""",
    ".terraform.lock.hcl": """
provider "registry.terraform.io/hashicorp/aws" {
  version     = "3.76.1"
  constraints = "~> 3.0"
}
""",
}
#: What Terraform and OpenTofu have besides resources, as a run would meet it, without a repository around it.
NEWER: Mapping[str, str] = {
    "assets/hello.txt": "hello",
    "root/main.tf": 'resource "aws_sns_topic" "t" {\n  name = "from-terraform"\n}\n',
    "root/main.tofu": '# as OpenTofu has it\nresource "aws_sns_topic" "t" {\n  name = "from-tofu"\n}\n',
    "root/more.tf": """
import {
  to = aws_sqs_queue.q
  id = "https://sqs.eu-west-1.amazonaws.com/1/q"
}
import {
  for_each = { a = "x" }
  to       = aws_s3_bucket.b[each.key]
  id       = each.value
}
resource "aws_sqs_queue" "q" {
  name = "q"
  provisioner "local-exec" {
    command = "make anything"
  }
}
resource "aws_cloudformation_stack" "s" {
  name          = "s"
  template_body = "{}"
}
action "aws_lambda_invoke" "a" {
  config {
    function_name = "f"
    payload       = "{}"
  }
}
resource "aws_s3_bucket" "b" {
  for_each = { a = "x" }
  bucket   = "some-bucket"
}
moved {
  from = aws_sqs_queue.old
  to   = aws_sqs_queue.q
}
removed {
  from = aws_instance.gone
  lifecycle {
    destroy = false
  }
}
ephemeral "aws_secretsmanager_secret_version" "s" {
  secret_id = "x"
}
resource "aws_s3_object" "hello" {
  bucket  = aws_s3_bucket.b["a"].id
  key     = "hello"
  content = file("../assets/hello.txt")
}
data "archive_file" "z" {
  type        = "zip"
  source_file = "${path.module}/more.tf"
  output_path = "${path.module}/z.zip"
}
locals {
  zip = data.archive_file.z.output_path
}
resource "aws_lambda_function" "f" {
  function_name    = "f"
  role             = "arn:aws:iam::123456789012:role/x"
  filename         = local.zip
  source_code_hash = filebase64sha256(local.zip)
}
data "aws_ebs_volume" "v" {
  most_recent = true
}
data "aws_ssm_parameter" "sizes" {
  name = "sizes"
}
resource "aws_ebs_volume" "w" {
  availability_zone = "eu-west-1a"
  size              = data.aws_ebs_volume.v.size * 2
  throughput        = jsondecode(data.aws_ssm_parameter.sizes.value).throughput
}
data "aws_secretsmanager_secret_version" "db" {
  secret_id = "db"
}
data "aws_iam_policy" "p" {
  name = "p"
}
data "aws_instance" "i" {
  instance_id = "i-1"
}
locals {
  login = jsondecode(data.aws_secretsmanager_secret_version.db.secret_string)
}
resource "aws_db_instance" "d" {
  identifier     = "d"
  instance_class = "db.t4g.micro"
  username       = local.login.username
  password       = local.login["password"]
  option_group_name = jsondecode(data.aws_iam_policy.p.policy).Owner
}
ephemeral "aws_secretsmanager_secret_version" "db" {
  secret_id = "db"
}
resource "aws_db_instance" "e" {
  identifier          = "e"
  instance_class      = "db.t4g.micro"
  password_wo         = jsondecode(ephemeral.aws_secretsmanager_secret_version.db.secret_string)["password"]
  password_wo_version = 1
}
resource "aws_ecs_task_definition" "t" {
  family                = "t"
  container_definitions = "[]"
  tags = {
    Stage = data.aws_instance.i.tags["Stage"]
    Owner = "us"
  }
}
""",
}


@pytest.fixture(scope="module")
def partial(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    return evaluate(write_tree(tmp_path_factory.mktemp("partial"), PARTIAL))


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    return evaluate(write_tree(tmp_path_factory.mktemp("newer"), NEWER) / "root")


def test_what_can_not_be_read_is_a_gap_with_its_reason_and_line(partial: Configuration) -> None:
    gaps = {gap.subject: gap for gap in partial.gaps}

    assert {subject: str(gap.position) for subject, gap in gaps.items()} == {
        "module.vpc": "main.tf:9",
        "docker_image.app": "main.tf:17",
        "aws_db_instance.old.name": "main.tf:41",
        "aws_route_table_association.one": "main.tf:31",
        "aws_sns_topic.each": "main.tf:36",
    }
    assert "'terraform-aws-modules/vpc/aws' is not here; run `terraform init` first" in gaps["module.vpc"].reason
    assert "provider 'kreuzwerker/docker'" in gaps["docker_image.app"].reason
    assert "how many there are" in gaps["aws_sns_topic.each"].reason
    old = gaps["aws_db_instance.old.name"].reason
    assert "AWS provider 3.76.1 (.terraform.lock.hcl:3)" in old
    assert 'argument named "name" is not expected' in old


def test_the_rest_is_there_and_what_depends_on_it_is_unknown(partial: Configuration) -> None:
    (queue,), (balancer,) = partial.of("aws_sqs_queue"), partial.of("aws_lb")

    assert queue.text("name") == "alone"
    assert {each.address for each in partial.resources} == {
        "aws_sqs_queue.alone", "aws_lb.front", "aws_db_instance.old", "aws_sns_topic.each[0]", "aws_sns_topic.each[1]",
        'aws_route_table_association.one["(unknown)"]',
    }  # fmt: skip
    assert UNREAD not in str([each.values for each in partial.resources])
    for read, why in (
        (
            lambda: balancer.text("name"),
            "is decided by docker_image.app, which is of the provider 'kreuzwerker/docker'",
        ),
        (lambda: balancer.has("subnets"), "is decided by module.vpc, which could not be read"),
        (lambda: balancer.related("subnets", "aws_subnet"), "is decided by module.vpc, which could not be read"),
    ):
        with pytest.raises(Exception, match=why):
            read()


def test_blocks_about_a_state_and_of_newer_versions_change_nothing_that_is_declared(newer: Configuration) -> None:
    hidden = ["aws_cloudformation_stack.s", "aws_sqs_queue.q.provisioner.local-exec", "action.aws_lambda_invoke.a"]
    assert [gap.subject for gap in newer.gaps] == ["main.tofu", *hidden]
    assert {each.address for each in newer.resources if each.mode == "managed"} == {
        'aws_s3_bucket.b["a"]', "aws_sqs_queue.q", "aws_sns_topic.t", "aws_s3_object.hello", "aws_lambda_function.f",
        "aws_ebs_volume.w", "aws_db_instance.d", "aws_db_instance.e", "aws_ecs_task_definition.t",
        "aws_cloudformation_stack.s",
    }  # fmt: skip


def test_resource_of_the_name_that_stand_ins_have_is_judged(plant: Plant) -> None:
    text = 'resource "aws_sqs_queue" "NAME" {\n  name = data.acme_x.f.name\n}\ndata "acme_x" "f" {}\n'
    found = evaluate(plant({"main.tf": text.replace("NAME", UNREAD)}))

    assert [each.address for each in found.resources] == [f"aws_sqs_queue.{UNREAD}"]


def test_file_of_opentofu_stands_for_the_one_of_its_name(newer: Configuration) -> None:
    (topic,) = newer.of("aws_sns_topic")

    assert topic.text("name") == "from-tofu"
    assert str(topic.origin.block) == "main.tofu:2"
    gap, *_ = newer.gaps
    assert gap.reason.startswith("is judged as OpenTofu reads it, in the place of main.tf, which Terraform does not;")


def test_file_above_a_root_without_repository_is_read(newer: Configuration) -> None:
    (hello,) = newer.of("aws_s3_object")

    assert hello.text("content") == "hello"


@pytest.mark.parametrize(
    ("type_", "argument"),
    [
        ("aws_lambda_function", "source_code_hash"),
        ("aws_ebs_volume", "size"),
        ("aws_ebs_volume", "throughput"),
        ("aws_db_instance", "username"),
        ("aws_db_instance", "password"),
        ("aws_db_instance", "option_group_name"),
    ],
)
def test_what_is_computed_of_what_nobody_read_is_unknown(newer: Configuration, type_: str, argument: str) -> None:
    resource = newer.of(type_)[0]

    with pytest.raises(Exception, match="decided later|can't be read offline"):
        resource.text(argument)


def test_what_can_not_be_computed_hides_nothing_beside_it(newer: Configuration) -> None:
    (task,) = newer.of("aws_ecs_task_definition")

    assert task.search()["tags"]["Owner"] == "us"
    assert isinstance(task.search()["tags"]["Stage"], Unknown)


def test_what_can_not_be_computed_still_comes_from_where_it_came_from(newer: Configuration) -> None:
    read, kept = newer.of("aws_db_instance")

    assert "password" in read.sensitive
    assert read.credentials["password"] == ("data.aws_secretsmanager_secret_version.db.secret_string",)
    assert kept.credentials["password_wo"] == ("ephemeral.aws_secretsmanager_secret_version.db.secret_string",)


# A part of the declarations that nobody could read hides no key that is declared, and is named where none is.

CRITERIA = load_criteria(Path(__file__).parents[3] / "criteria.toml").criteria
GAPS = tuple(Gap(f"module.{name}", "is not here") for name in ("a", "b", "c", "d"))
#: Gaps about other resources, and about values: no key is declared there.
OTHERS = tuple(
    Gap(subject, "has no value")
    for subject in ('module.a["x"].aws_lb.b[0]', "azurerm_storage_account.c.name", "data.aws_vpc.d", "local.e", "var.f")
)
#: Gaps that may hide a key.
HIDING = (
    Gap("terraform.workspace", "may be another"), Gap("module.a.aws_iam_access_key.k", "how many there are"),
    Gap("the plan", "is not complete"), Gap('fileset("aws_x.d")', "is outside"),
    Gap("aws_users.tf", "is read otherwise", Position("aws_users.tf", 1)), Gap('module.a["x.y_z.w"]', "is not here"),
    Gap("module.a.aws_cloudformation_stack.s", "acts out of sight"), Gap("awscc_iam_user.u", "is of another provider"),
    Gap("aws_instance.i.provisioner.local-exec", "acts out of sight"), Gap("action.aws_x.a", "acts out of sight"),
)  # fmt: skip


def declare(kind: str) -> Resource:
    return Resource(address=f"{kind}.a", type=kind, name="a", values={"name": "a"}, references={})


@pytest.mark.parametrize(
    ("kinds", "gaps", "outcome", "said"),
    [
        (["aws_iam_user"], GAPS, Outcome.NOT_SATISFIED, ""),
        (["aws_iam_user"], (), Outcome.NOT_SATISFIED, ""),
        (["aws_iam_role"], GAPS, Outcome.UNDETERMINED, "is not known whole: module.a, module.b, module.c"),
        (["aws_iam_role"], (), Outcome.SATISFIED, ""),
        (["aws_iam_role"], OTHERS, Outcome.SATISFIED, ""),
        *((["aws_iam_role"], (*OTHERS, gap), Outcome.UNDETERMINED, gap.subject) for gap in HIDING),
        ([], (), Outcome.UNDETERMINED, "nothing is declared"),
    ],
)
def test_a_key_is_found_beside_what_could_not_be_read(
    kinds: list[str], gaps: tuple[Gap, ...], outcome: Outcome, said: str
) -> None:
    policy = next(each for each in POLICIES.values() if each.judge is nobody_holds_a_key)
    tree = Configuration(root="r", engine="e", resources=[*map(declare, kinds)], gaps=gaps)
    (finding,) = apply(policy, tree, CRITERIA[policy.criterion])
    assert finding.outcome is outcome
    assert finding.reason.endswith(said)


@pytest.mark.parametrize(
    ("gaps", "outcome"),
    [(OTHERS, Outcome.NOT_SATISFIED), ((*OTHERS, *HIDING[:1]), Outcome.UNDETERMINED)],
)
def test_what_must_be_declared_is_missing_unless_a_gap_may_hide_it(gaps: tuple[Gap, ...], outcome: Outcome) -> None:
    tree = Configuration(root="r", engine="e", resources=[declare("aws_iam_role")], gaps=gaps)
    (finding,) = apply(POLICIES["PG_WATCH_1"], tree, CRITERIA["threat-detection"])
    assert finding.outcome is outcome


ATTACHED = """
variable "team" {}
resource "aws_iam_policy" "own" {
  name   = var.team
  policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
resource "aws_iam_role_policy_attachment" "own" {
  role       = "app"
  policy_arn = aws_iam_policy.own.arn
}
resource "aws_iam_role_policy_attachment" "either" {
  role       = "app"
  policy_arn = var.team == "a" ? aws_iam_policy.own.arn : "arn:aws:iam::aws:policy/AdministratorAccess"
}
resource "aws_iam_role" "both" {
  assume_role_policy  = jsonencode({ Version = "2012-10-17", Statement = [] })
  managed_policy_arns = [aws_iam_policy.own.arn, "arn:aws:iam::aws:policy/IAMFullAccess"]
}
"""


def test_an_attached_policy_is_followed_to_where_it_is_declared(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(ATTACHED, "utf-8")
    found = apply(POLICIES["PG_IAM_6"], evaluate(tmp_path), CRITERIA["iam-no-wildcards"])
    assert {each.subject.rpartition(".")[2]: each.outcome for each in found} == {
        "own": Outcome.SATISFIED,
        "either": Outcome.UNDETERMINED,
        "both": Outcome.UNDETERMINED,
    }


# What a block that can't be read is given may be completed there: absence proves nothing of it.

GIVEN = """
module "rotation" {
  source  = "example.com/acme/rotation/aws"
  secrets = [local.handed]
}
locals {
  handed = aws_secretsmanager_secret.handed.arn
}
resource "aws_secretsmanager_secret" "handed" {
  name = "handed"
}
resource "aws_secretsmanager_secret" "rotated_here_too" {
  name = "rotated"
}
resource "aws_secretsmanager_secret_rotation" "here" {
  secret_id = aws_secretsmanager_secret.rotated_here_too.id
  rotation_rules {
    automatically_after_days = 30
  }
}
module "more" {
  source = "example.com/acme/more/aws"
  secret = aws_secretsmanager_secret.rotated_here_too.id
}
resource "aws_secretsmanager_secret" "kept" {
  name = "kept"
}
"""


@pytest.mark.parametrize("again", [False, True])
def test_what_an_unread_module_is_given_may_be_completed_there(tmp_path: Path, again: bool) -> None:
    (tmp_path / "main.tf").write_text(GIVEN, "utf-8")
    tree = evaluate(tmp_path)
    tree = from_json(to_json(tree)) if again else tree
    found = {each.subject: each for each in apply(POLICIES["PG_SEC_6"], tree, CRITERIA["secrets-rotation"])}
    handed = found["aws_secretsmanager_secret.handed"]
    assert handed.outcome is Outcome.UNDETERMINED
    assert "module.rotation could not be read, and is given aws_secretsmanager_secret.handed" in handed.reason
    assert found["aws_secretsmanager_secret.rotated_here_too"].outcome is Outcome.SATISFIED
    assert found["aws_secretsmanager_secret.kept"].outcome is Outcome.NOT_SATISFIED


def test_a_block_that_can_not_be_read_completes_what_its_type_does() -> None:
    bucket = Resource(address="aws_s3_bucket.b", type="aws_s3_bucket", name="b", values={"id": "b"})
    gap = Gap("module.a.aws_s3_bucket_versioning.v", "is not known", given=("aws_s3_bucket.b",))
    tree = Configuration(root="r", engine="e", resources=[bucket], gaps=[gap])
    assert tree.naming(bucket, "bucket", "aws_s3_bucket_policy") == ()
    with pytest.raises(Unresolved, match="could not be read, and is given aws_s3_bucket.b"):
        tree.naming(bucket, "bucket", "aws_s3_bucket_policy", "aws_s3_bucket_versioning")
