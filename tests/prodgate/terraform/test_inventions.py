"""The provider's inventions never decide anything."""

import json

import pytest

from prodgate.semantics.unresolved import Assumed, Unknown, Unresolved
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.flow import Inventions
from prodgate.terraform.provider.datasources import MARK
from prodgate.terraform.resources import Configuration, Gap, find_unknown
from prodgate.terraform.serialization import from_json, to_json
from tests.prodgate.terraform.tree_files import TREES, Plant, combine


@pytest.fixture(scope="module")
def lookups() -> Configuration:
    """A root that looks most things up in AWS; see trees/lookups/main.tf."""
    return evaluate(TREES / "lookups")


def test_instances_that_only_aws_can_count_are_gaps(lookups: Configuration) -> None:
    assert {gap.subject: str(gap.position) for gap in lookups.gaps} == {
        "aws_nat_gateway.each": "main.tf:20",
        "module.optional": "main.tf:50",
    }
    assert (
        lookups.gaps[0].reason == "how many there are depends on data.aws_subnets.private, which can't be read offline"
    )


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("aws_rds_cluster.c", "backup_retention_period"),
        ("aws_rds_cluster.c", "kms_key_id"),
        ("aws_security_group.g", "ingress"),
        ("aws_sqs_queue.q", "policy"),
    ],
)
def test_values_that_come_from_aws_are_unknown(lookups: Configuration, address: str, path: str) -> None:
    resource = {each.address: each for each in lookups.resources}[address]

    with pytest.raises(Unresolved, match=r"comes from .* can't be read offline"):
        resource.text(path)


def test_values_beside_them_are_known(lookups: Configuration) -> None:
    (cluster,) = lookups.of("aws_rds_cluster")

    assert cluster.text("engine") == "aurora-postgresql"
    assert cluster.text("cluster_identifier") == "c-123456789012"


def test_zones_are_plausible(lookups: Configuration) -> None:
    assert len(lookups.of("aws_subnet")) == 2


def test_mark_is_found_at_every_depth() -> None:
    inventions = Inventions(frozenset({"aws_vpc"}))

    hidden = inventions.hide({"a": [{"b": f"arn:{MARK}/1"}], "c": {"d": "plain"}, "n": 1}, {})

    assert repr(hidden["a"][0]["b"]).startswith("<unknown: comes from a data source")
    assert (hidden["c"], hidden["n"]) == ({"d": "plain"}, 1)


# AWS's own knowledge, and this machine's, decide nothing.

#: Each worker would evaluate the shared trees.
pytestmark = pytest.mark.xdist_group("stand_ins")

HERE = 'data "aws_caller_identity" "c" {}\n'
ID = "data.aws_caller_identity.c.account_id"
QUEUE = 'resource "aws_sqs_queue" "q" {\n  name = "q"\n}\n'
MARKER = "/etc/production"


def attached(*lines: str, policy: str = '"arn:aws:iam::aws:policy/AdministratorAccess"') -> str:
    more = "\n  ".join(lines)
    return f'resource "aws_iam_role_policy_attachment" "a" {{\n  role = "r"\n  policy_arn = {policy}\n  {more}\n}}\n'


def in_json(content: dict[str, object]) -> dict[str, str]:
    return {"main.tf.json": json.dumps({"data": {"aws_caller_identity": {"c": {}}}, **content})}


NUMBERS = {
    "count": HERE + attached(f'count = {ID} == "9" ? 1 : 0'),
    "local": f'{HERE}locals {{\n  p = {ID} == "9"\n  q = local.p\n}}\n' + attached("count = local.q ? 1 : 0"),
    "for_each": HERE + attached(f'for_each = {ID} == "9" ? toset(["x"]) : toset([])'),
    "loop": HERE + attached(f'for_each = toset([for x in ["9"] : x if x == {ID}])'),
    "length": HERE + attached(f'count = length(regexall("^9", {ID}))'),
    "region": 'data "aws_region" "r" {}\n' + attached('count = data.aws_region.r.name == "eu-west-1" ? 1 : 0'),
    "partition": 'data "aws_partition" "p" {}\n' + attached('count = data.aws_partition.p.id == "aws-cn" ? 1 : 0'),
    "zones": 'data "aws_availability_zones" "z" {}\n' + attached("count = length(data.aws_availability_zones.z.names)"),
    "time": attached('count = timecmp(plantimestamp(), "2030-01-01T00:00:00Z") > 0 ? 1 : 0'),
    "cwd": attached('count = path.cwd == "/srv" ? 1 : 0'),
    "arn": QUEUE + attached('count = split(":", aws_sqs_queue.q.arn)[4] == "9" ? 1 : 0'),
    "parameter": f'{HERE}resource "aws_ssm_parameter" "t" {{\n  name = "t"\n  type = "String"\n  value = {ID}\n}}\n'
    + attached('count = aws_ssm_parameter.t.value == "9" ? 1 : 0'),
    "data": QUEUE + 'data "aws_arn" "a" {\n  arn = aws_sqs_queue.q.arn\n}\n' + attached('count = data.aws_arn.a.account == "9" ? 1 : 0'),
    "file": attached(f'count = fileexists("{MARKER}") ? 1 : 0'),
    "home": attached('count = fileexists("~/production") ? 1 : 0'),
    "climb": attached('count = fileexists("${path.module}/../../../../../../../etc/production") ? 1 : 0'),
    "variable": f'variable "f" {{\n  default = "{MARKER}"\n}}\n' + attached("count = fileexists(var.f) ? 1 : 0"),
    "state": attached('count = fileexists("terraform.tfstate") ? 1 : 0'),
}  # fmt: skip
OVER_FILES = {
    "module": {
        "main.tf": f'{HERE}module "m" {{\n  source = "./m"\n  account = {ID}\n}}\n',
        "m/main.tf": 'variable "account" {}\n' + attached('count = var.account == "9" ? 1 : 0'),
    },
    "output": {
        "main.tf": 'module "m" {\n  source = "./m"\n}\n' + attached('count = module.m.id == "9" ? 1 : 0'),
        "m/main.tf": f'{HERE}output "id" {{\n  value = {ID}\n}}\n',
    },
    "module_count": {
        "main.tf": f'{HERE}module "m" {{\n  source = "./m"\n  count = {ID} == "9" ? 1 : 0\n}}\n',
        "m/main.tf": attached(),
    },
    "override": {
        "main.tf": HERE + attached("count = 1"),
        "x_override.tf": f'resource "aws_iam_role_policy_attachment" "a" {{\n  count = {ID} == "9" ? 1 : 0\n}}\n',
    },
    "json": in_json(
        {"resource": {"aws_iam_role_policy_attachment": {"a": {"role": "r", "policy_arn": "p", "count": f'${{{ID} == "9" ? 1 : 0}}'}}}}
    ),
    "brace_in_json": in_json(
        {"resource": {"aws_iam_role_policy_attachment": {"a": {"role": "r", "policy_arn": "p", "count": f'${{replace({ID}, "}}", "") == "9" ? 1 : 0}}'}}}}
    ),
    "workspace_in_json": in_json(
        {"resource": {"aws_iam_role_policy_attachment": {"a": {"role": "r", "policy_arn": "p", "count": '${terraform.workspace == "p" ? 1 : 0}'}}}}
    ),
    "template": {
        "main.tf": QUEUE.replace('"q"\n}', '"${templatefile("${path.module}/n.tftpl", {})}"\n}'),
        "n.tftpl": "q-%{ if fileexists(\"/etc/production\") }a%{ else }b%{ endif }",
    },
}  # fmt: skip
VALUES = {
    "lookup": f'lookup({{ "9" = "Admin" }}, {ID}, "Read")',
    "index": f'{{ "123456789012" = "Read", "9" = "Admin" }}[{ID}]',
    "replace": f'"arn:aws:iam::aws:policy/${{replace({ID}, "123456789012", "Read")}}"',
    "directive": f'"p%{{ if {ID} == "9" }}-admin%{{ endif }}"',
    "try": f'try({{ "123456789012" = "Read" }}[{ID}], "Admin")',
    "arn": 'split(":", aws_sqs_queue.q.arn)[4] == "9" ? "Admin" : "Read"',
}


#: Beside them, numbers that only the source decides.
STATED = {
    "plain": {"main.tf": HERE + attached("count = 1")},
    "made": {"main.tf": QUEUE + attached("for_each = toset([aws_sqs_queue.q.name])")},
    "plain_json": in_json({"resource": {"aws_iam_role_policy_attachment": {"a": {"role": "r", "policy_arn": "p", "count": 1}}}}),
}  # fmt: skip


@pytest.fixture(scope="module")
def numbers(plant_once: Plant) -> Configuration:
    cases = {name: {"main.tf": text} for name, text in NUMBERS.items()} | OVER_FILES | STATED
    return evaluate(plant_once(combine(cases)))


@pytest.fixture(scope="module")
def values(plant_once: Plant) -> dict[str, object]:
    cases = {name: {"main.tf": HERE + QUEUE + attached(policy=text)} for name, text in VALUES.items()}
    found = evaluate(plant_once(combine(cases)))
    return {
        each.address.split(".")[1]: each.values["policy_arn"] for each in found.of("aws_iam_role_policy_attachment")
    }


def find_gaps(found: Configuration, name: str) -> list[Gap]:
    """Return the gaps of a case; each names a line of it."""
    return [
        gap
        for gap in found.gaps
        if gap.subject.startswith(f"module.{name}.") or f"{gap.position}".startswith(f"{name}/")
    ]


@pytest.mark.parametrize("name", [*NUMBERS, *OVER_FILES])
def test_what_a_stand_in_decides_the_number_of_is_a_gap(name: str, numbers: Configuration) -> None:
    assert find_gaps(numbers, name)
    assert all(f"{gap.position}".startswith(f"{name}/") for gap in find_gaps(numbers, name))


@pytest.mark.parametrize("name", STATED)
def test_what_the_source_decides_the_number_of_is_none(name: str, numbers: Configuration) -> None:
    assert find_gaps(numbers, name) == []


@pytest.mark.parametrize("name", VALUES)
def test_a_value_that_a_stand_in_decides_is_unknown(name: str, values: dict[str, object]) -> None:
    unknown = find_unknown(values[name])
    assert "is decided by" in unknown.reason


def test_what_is_stated_decides(plant: Plant) -> None:
    stated = HERE + attached(f'count = {ID} == "111122223333" ? 1 : 0')
    region = 'provider "aws" {\n  region = "eu-west-1"\n}\ndata "aws_region" "r" {}\n'
    asked = f'{stated}{region}resource "aws_sqs_queue" "e" {{\n  count = data.aws_region.r.name == "eu-west-1" ? 1 : 0\n}}\n'

    zones = 'data "aws_availability_zones" "z" {}\nresource "aws_subnet" "s" {\n  count = length(data.aws_availability_zones.z.names)\n  vpc_id = "vpc-1"\n}\n'
    known = ("eu-west-1b", "eu-west-1a", "us-east-1a")
    found = evaluate(plant({"main.tf": asked + zones}), account="111122223333", zones=known)

    assert found.complete
    assert len(found.of("aws_subnet")) == 2
    assert len(found.of("aws_iam_role_policy_attachment", "aws_sqs_queue")) == 2


def test_a_stand_in_may_stand_in_a_text(plant: Plant) -> None:
    text = f"""{HERE}data "aws_region" "r" {{}}
data "aws_availability_zones" "z" {{}}
resource "aws_s3_bucket" "b" {{
  bucket = "logs-${{{ID}}}-${{data.aws_region.r.name}}"
}}
resource "aws_subnet" "s" {{
  count             = 2
  vpc_id            = "vpc-1"
  availability_zone = data.aws_availability_zones.z.names[count.index]
}}
resource "aws_sqs_queue" "q" {{
  name   = trimspace(file("${{path.module}}/name.txt"))
  policy = jsonencode({{ Statement = [{{ Effect = "Allow", Principal = "arn:aws:iam::${{{ID}}}:root" }}] }})
}}
"""
    found = evaluate(plant({"main.tf": text, "name.txt": "orders"}))

    assert found.complete
    assert found.of("aws_s3_bucket")[0].text("bucket") == "logs-123456789012-us-east-1"
    assert found.of("aws_sqs_queue")[0].json("policy")["Statement"][0]["Principal"] == "arn:aws:iam::123456789012:root"
    assert found.of("aws_subnet")[1].text("availability_zone") == "us-east-1b"
    assert found.of("aws_sqs_queue")[0].text("name") == "orders"


# A text with an account or a region that nobody stated: a gap if it can be stated, else a note.

BOTH = 'data "aws_caller_identity" "c" {}\ndata "aws_region" "r" {}\n'
ACCOUNT_ID = "data.aws_caller_identity.c.account_id"
PROVIDER = 'provider "aws" {\n  region              = "eu-west-1"\n  allowed_account_ids = ["111122223333"]\n}\n'
OTHER = 'resource "aws_sqs_queue" "other" {\n  name = "other"\n}\n'


def queue(name: str, *more: str) -> str:
    lines = "\n  ".join(more)
    return f'resource "aws_sqs_queue" "q" {{\n  name = {name}\n  {lines}\n}}\n'


def queues(*names: str) -> str:
    """A queue for each name, so that core evaluates all of them at once."""
    return "".join(queue(name).replace('"q"', f'"q{number}"') for number, name in enumerate(names))


HELD = [
    f'"q-${{{ACCOUNT_ID}}}"',
    f'format("q-%s", {ACCOUNT_ID})',
    f'join("-", [{ACCOUNT_ID}])',
    f"upper({ACCOUNT_ID})",
    "aws_sqs_queue.other.arn",
]


def test_texts_that_hold_the_account_are_a_gap_where_it_can_be_stated(plant: Plant) -> None:
    root = plant({"main.tf": BOTH + OTHER + queues(*HELD)})

    reasons = {gap.subject: gap.reason for gap in evaluate(root, account="").gaps}
    assert reasons["the account"].startswith(
        "is not stated, and 123456789012 stands in for it in aws_sqs_queue.q0.name, aws_sqs_queue.q1.name, "
        f"aws_sqs_queue.q2.name and {len(HELD) - 3} more; write "
    )
    assert "the account" not in {gap.subject for gap in evaluate(root, account="111122223333").gaps}
    noted = evaluate(root)
    assert noted.complete
    assert f"the account {reasons['the account']}" in noted.notes


def test_what_the_provider_states_is_no_gap(plant: Plant) -> None:
    names = (*HELD, '"q-${data.aws_region.r.region}"')
    found = evaluate(plant({"main.tf": PROVIDER + BOTH + OTHER + queues(*names)}), account="")

    assert found.complete
    assert [each.name for each in found.of("aws_sqs_queue") if each.known("name")][1:] == [
        f"q{number}" for number in range(len(names))
    ]


def test_the_region_is_a_gap_under_each_of_its_names(plant: Plant) -> None:
    names = [f'"q-${{data.aws_region.r.{attribute}}}"' for attribute in ("id", "name", "region", "endpoint")]
    found = evaluate(plant({"main.tf": BOTH + queues(*names)}), account="1" * 12)

    (gap,) = found.gaps
    assert (gap.subject, str(gap.position)) == ("the region", "main.tf:3")
    assert "aws_sqs_queue.q2.name and 1 more" in gap.reason


def test_a_number_that_somebody_wrote_is_no_stand_in(plant: Plant) -> None:
    names = ('"123456789012"', '"us-east-1"', f'{ACCOUNT_ID} == null ? "a" : "b"')
    assert evaluate(plant({"main.tf": BOTH + queues(*names)}), account="").complete


@pytest.mark.parametrize("recalled", [False, True])
def test_what_aws_would_say_is_found_by_and_not_judged(plant: Plant, recalled: bool) -> None:
    text = (
        queue('"q"') + 'resource "aws_sqs_queue_policy" "p" {\n  queue_url = aws_sqs_queue.q.url\n  policy = "{}"\n}\n'
    )
    found = evaluate(plant({"main.tf": text}))
    found = from_json(to_json(found)) if recalled else found
    ((own,), (policy,)) = found.of("aws_sqs_queue"), found.of("aws_sqs_queue_policy")

    assert policy.related("queue_url", "aws_sqs_queue") == (own,)
    assert own.has("arn")
    with pytest.raises(Unresolved, match="arn holds the account and the region, for which there is only a stand-in"):
        own.text("arn")
    with pytest.raises(Unresolved, match="holds the account and the region"):
        own.find_region()


def test_the_region_of_a_resource_is_known_where_it_is_stated(plant: Plant) -> None:
    own = evaluate(plant({"main.tf": 'provider "aws" {\n  region = "eu-west-1"\n}\n' + queue('"q"')})).of(
        "aws_sqs_queue"
    )[0]

    assert isinstance(own.values["arn"], Assumed)
    assert own.find_region() == "eu-west-1"


def test_who_runs_terraform_is_never_known(plant: Plant) -> None:
    names = [f"data.aws_caller_identity.c.{attribute}" for attribute in ("arn", "user_id")]

    found = evaluate(plant({"main.tf": PROVIDER + BOTH + queues(*names)})).of("aws_sqs_queue")
    assert [isinstance(each.values["name"], Unknown) for each in found] == [True, True]


def test_the_answer_of_a_data_source_is_known_where_it_is_stated(plant: Plant) -> None:
    def account(text: str) -> object:
        return next(each for each in evaluate(plant({"main.tf": text})).resources if each.mode == "data").values[
            "account_id"
        ]

    assert isinstance(account(BOTH), Unknown)
    assert account(PROVIDER + BOTH) == "111122223333"


def test_only_the_part_that_is_not_known_is_hidden(plant: Plant) -> None:
    text = queue('"q"', 'tags = { kept = "a", at = plantimestamp() }')
    tags = evaluate(plant({"main.tf": text})).of("aws_sqs_queue")[0].values

    for name in ("tags", "tags_all"):
        assert tags[name]["kept"] == "a"
        assert isinstance(tags[name]["at"], Unknown)


def test_what_is_cut_out_of_an_arn_is_known_when_all_of_it_is_stated(plant: Plant) -> None:
    cuts = ('split(":", {})[5]', 'regex("[a-z]+$", {})', 'element(reverse(split(":", {})), 0)', "basename({})")
    tree = OTHER + queues(*(cut.format("aws_sqs_queue.other.arn") for cut in cuts))
    stated = evaluate(plant({"main.tf": PROVIDER + tree})).of("aws_sqs_queue")[1:]
    assumed = evaluate(plant({"main.tf": tree})).of("aws_sqs_queue")[1:]

    assert [each.known("name") for each in stated] == [*["other"] * 3, "arn:aws:sqs:eu-west-1:111122223333:other"]
    assert [isinstance(each.values["name"], Unknown) for each in assumed] == [True] * len(cuts)


def test_what_is_cut_out_of_what_aws_draws_by_lot_is_unknown(plant: Plant) -> None:
    sources = ("aws_vpc.v.id", "aws_kms_key.k.arn", "aws_ecs_task_definition.t.arn", "aws_sqs_queue.made_up.arn")
    tree = """resource "aws_vpc" "v" { cidr_block = "10.0.0.0/16" }
resource "aws_kms_key" "k" {}
resource "aws_sqs_queue" "made_up" {}
resource "aws_ecs_task_definition" "t" {
  family                = "f"
  container_definitions = "[]"
}
"""
    cut = queues(*(f"substr({source}, 4, 9)" for source in sources))
    found = evaluate(plant({"main.tf": PROVIDER + tree + cut})).of("aws_sqs_queue")

    assert [isinstance(each.values["name"], Unknown) for each in found if each.name != "made_up"] == [True] * 4
