"""Names in expressions, followed through references, local values, variables, outputs and providers to the line
that decides, and the credentials among them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from prodgate import Configuration, Resource
from prodgate.semantics.unresolved import Unknown
from prodgate.terraform.addresses import keys, split_module, without_indices
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.hcl import parse
from prodgate.terraform.plan import find_provider_blocks
from prodgate.terraform.provenance import Provenance
from prodgate.terraform.references import PlannedConfiguration, find_credentials
from prodgate.terraform.serialization import from_json, to_json
from prodgate.terraform.sources import read_tree
from tests.prodgate.terraform.tree_files import TREES, Plant
from tests.trees import write_tree

#: How many levels a value is handed down, by two ways each: a thousand million ways in all.
LEVELS = 30


def test_value_that_is_handed_on_by_two_ways_at_each_level_is_followed_at_once(plant: Plant) -> None:
    ways = "".join(
        f"  left{n} = [local.left{n - 1}, local.right{n - 1}][0]\n  right{n} = [local.right{n - 1}, local.left{n - 1}][0]\n"
        for n in range(1, LEVELS)
    )
    first = '  left0 = aws_sns_topic.one.name\n  right0 = "${aws_sns_topic.one.name}-more"\n'
    topic = 'resource "aws_sns_topic" "one" {\n  name = "one"\n}\n'
    queue = f'resource "aws_sqs_queue" "one" {{\n  name = local.left{LEVELS - 1}\n}}\n'

    found = evaluate(plant({"main.tf": f"locals {{\n{first}{ways}}}\n{topic}{queue}"}))

    (one,) = found.of("aws_sqs_queue")
    assert one.references["name"] == ("aws_sns_topic.one",)


def test_attributes_are_named_beside_what_leads_nowhere() -> None:
    expression = {"references": ["aws_x.y.z", "aws_x.y", "local.lost"]}
    stated = {"root_module": {"resources": [{"address": "aws_a.b", "expressions": {"c": expression}}]}}
    references = PlannedConfiguration({"configuration": stated})

    assert references.attributes_of("aws_a.b[0]") == {"c": ("aws_x.y.z", "aws_x.y")}
    assert references.of("aws_a.b[0]") == {}


def test_credentials_are_what_the_provider_marks() -> None:
    named = {
        "listed_with_its_resource": ("aws_iam_access_key.k.user", "aws_iam_access_key.k"),
        "secret": ("module.m.aws_iam_access_key.k.secret", "module.m.aws_iam_access_key.k"),
        "whole": ("random_password.p",),
        "read": ("data.aws_kms_secrets.s.plaintext.db",),
        "foreign": ("acme_key.k.secret",),
    }

    assert find_credentials(named) == {
        "secret": ("module.m.aws_iam_access_key.k.secret",),
        "whole": ("random_password.p.bcrypt_hash", "random_password.p.result"),
        "read": ("data.aws_kms_secrets.s.plaintext",),
    }


# Resources may have the same name, in two regions or accounts: the expression's own target is the one that is meant.


def _bucket(name: str) -> Resource:
    values = {"bucket": "logs", "arn": "arn:aws:s3:::logs"}
    return Resource(address=f"aws_s3_bucket.{name}", type="aws_s3_bucket", name=name, values=values)


def _find(value: object, *references: str) -> list[str]:
    naming = Resource(
        address="aws_s3_bucket_versioning.it",
        type="aws_s3_bucket_versioning",
        name="it",
        values={"bucket": value},
        references={"bucket": references},
    )
    near, far = _bucket("near"), _bucket("far")
    Configuration(root="it", engine="none", resources=(near, far, naming))
    return [each.name for each in naming.related("bucket", "aws_s3_bucket")]


def test_a_name_alone_means_whatever_has_it() -> None:
    assert _find("logs") == ["near", "far"]
    assert _find("logs", "var.name") == ["near", "far"]


def test_what_an_expression_points_at_is_meant_alone() -> None:
    assert _find("logs", "aws_s3_bucket.far") == ["far"]
    assert _find(["logs"], "aws_s3_bucket.near") == ["near"]


def test_what_is_named_otherwise_beside_is_meant_too() -> None:
    assert _find(["logs", "arn:aws:s3:::logs"], "aws_s3_bucket.near", "aws_s3_bucket.far") == ["near", "far"]


# ── The references of expressions, in every form of an expression


@pytest.mark.parametrize(
    ("expression", "references"),
    [
        ("var.a", ["var.a"]),
        ("!var.a", ["var.a"]),
        ('data.x.y.z == "big" ? var.q[0].r : !local.k.z', ["data.x.y.z", "var.q.r", "local.k.z"]),
        ("var.a + 1 * local.b", ["var.a", "local.b"]),
        ("[for x in var.y : x.z if x.k != local.w]", ["var.y", "x.z", "x.k", "local.w"]),
        ('{ (local.k) = var.v, "s" = each.value["t"] }', ["local.k", "var.v", "each.value.t"]),
        ("merge(var.a, { b = aws_x.y[*].arn })", ["var.a", "aws_x.y"]),
        ('"${var.a}-%{ if var.b }x%{ endif }"', ["var.a", "var.b"]),
        ("<<-EOT\n  ${var.a}\nEOT\n", ["var.a"]),
        ("(var.a).b", ["var.a"]),
        ('aws_x.y["k"].arn', ["aws_x.y.k.arn"]),
        ("aws_x.y[count.index].arn", ["aws_x.y.arn", "count.index"]),
        ('"plain"', []),
    ],
)
def test_references(expression: str, references: list[str], tmp_path: Path) -> None:
    file = tmp_path / "main.tf"
    file.write_text(f"value = {expression}\n", encoding="utf-8")

    found = parse(file, "main.tf").arguments["value"].references

    assert [".".join(each.parts) for each in found] == references


# Where a value is written in Terraform's JSON syntax.

MAIN = """{
  "locals": {"days": 7},
  "resource": {
    "aws_security_group": {
      "web": {
        "name": "web",
        "count": 1,
        "dynamic": {
          "ingress": {
            "for_each": "${var.ports}",
            "content": {
              "from_port": "${ingress.value}",
              "protocol": "tcp"
            }
          }
        },
        "tags": {"team": "web"}
      }
    },
    "aws_db_instance": [
      {
        "orders": {
          "backup_retention_period": "${var.days}",
          "timeouts": [
            {"create": "1h"},
            {"create": "2h"}
          ]
        }
      }
    ]
  },
  "data": {"aws_region": {"here": {
    "name": "eu-west-1",
    "tags": {"dynamic": "${var.days}"},
    "rule": {"dynamic": [{"inner": {"for_each": [1], "content": {
      "days": "${var.days}"
    }}}]}
  }}}
}
"""
VARIABLES = 'variable "days" {\n  default = 3\n}\n'


@pytest.fixture
def known(plant: Plant) -> Provenance:
    root = plant({"main.tf.json": MAIN, "variables.tf": VARIABLES})
    return Provenance(read_tree(root, root), (), {})


@pytest.mark.parametrize(
    ("address", "path", "places"),
    [
        ("aws_security_group.web[0]", "", ["main.tf.json:5"]),
        ("aws_security_group.web[0]", "name", ["main.tf.json:6"]),
        ("aws_security_group.web[0]", "description", ["main.tf.json:5"]),
        ("aws_security_group.web[0]", "tags.team", ["main.tf.json:17"]),
        ("aws_security_group.web[0]", "ingress", ["main.tf.json:9", "main.tf.json:10"]),
        ("aws_security_group.web[0]", "ingress.from_port", ["main.tf.json:12", "main.tf.json:10"]),
        ("aws_db_instance.orders", "", ["main.tf.json:22"]),
        ("aws_db_instance.orders", "backup_retention_period", ["main.tf.json:23", "variables.tf:2"]),
        ("aws_db_instance.orders", "timeouts.create", ["main.tf.json:25", "main.tf.json:26"]),
        ("data.aws_region.here", "name", ["main.tf.json:33"]),
        ("data.aws_region.here", "tags.dynamic", ["main.tf.json:34", "variables.tf:2"]),
        ("data.aws_region.here", "rule.inner.days", ["main.tf.json:36", "variables.tf:2"]),
    ],
)
def test_each_argument_has_its_line(known: Provenance, address: str, path: str, places: list[str]) -> None:
    origin = known.origin(address)
    assert [str(place) for place in origin.of(path)] == places


def test_what_core_takes_for_itself_is_no_argument(known: Provenance) -> None:
    origin = known.origin("aws_security_group.web[0]")
    assert set(origin.arguments) == {
        "name", "tags", "tags.team", "ingress", "ingress.from_port", "ingress.protocol",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        r"b\/c",
        r"\"b\"",
        r"${var.a == \"b\" ? \"c\" : \"d\"}",
        r"${join(\"\\n\", [\"}\"])}",
        r"${var.a \u003e 1\n}",
        r"${ # why\n var.a // and\n}#",
        r"\b\f${var.a}",
        "ä",
    ],
)
def test_texts_that_the_native_syntax_writes_otherwise_change_no_line(plant: Plant, text: str) -> None:
    head = f'{{"resource": {{"aws_x": {{\n"z": {{"a": "{text}"}},\n'
    root = plant({"main.tf.json": f'{head}"y": {{\n"b": 1}}}}}}}}'})
    origin = Provenance(read_tree(root, root), (), {}).origin("aws_x.y")
    assert [str(place) for place in (*origin.of(""), *origin.of("b"))] == ["main.tf.json:3", "main.tf.json:4"]


def test_whatever_repeats_has_the_line_of_its_name(plant: Plant) -> None:
    text = '{"data": {"aws_x": {"d": {}}},\n"module": [{\n"m": {"source": "./m", "count": "${1 == \\"1\\" ? 1 : 0}"}}]}'
    module = read_tree(root := plant({"main.tf.json": text, "m/main.tf": ""}), root).root
    assert str(module.calls["m"].position) == "main.tf.json:3"
    assert [str(module.find_position(each)) for each in ("module.m", "data.aws_x.d", "aws_x.d")] == [
        "main.tf.json:3",
        "main.tf.json:1",
        "None",
    ]


@pytest.mark.parametrize("text", ['{"resource": {"aws_x": {"y": {"a": "b\\qc"}}}}', "[]", "{}", '{"resource": 3}'])
def test_what_is_no_configuration_has_no_position(plant: Plant, text: str) -> None:
    root = plant({"main.tf.json": text})
    assert Provenance(read_tree(root, root), (), {}).origin("aws_x.y") is None


# ── Where a value is written, followed to the line that decides it

SHOP = TREES / "shop"


@pytest.fixture(scope="module")
def shop() -> Provenance:
    return Provenance(read_tree(SHOP / "live", SHOP), (), {})


def _lines(known: Provenance, base: Path, address: str, path: str) -> list[str]:
    """The text of the lines that are named for an argument."""
    origin = known.origin(address)
    return [
        (base / place.file).read_text(encoding="utf-8").splitlines()[place.line - 1].strip()
        for place in origin.of(path)
    ]


FOLLOWED: Mapping[tuple[str, str], list[str]] = {
    ("aws_db_instance.orders", "instance_class"): ['instance_class          = "db.t4g.micro"'],
    ("aws_db_instance.orders", "backup_retention_period"): [
        "backup_retention_period = var.keep.backups",
        "backups = 7",
    ],
    ("aws_db_instance.orders", "password"): [
        "password                = var.password",
        'default   = "correct horse battery staple"',
    ],
    ("module.queue.aws_sqs_queue.orders", "message_retention_seconds"): [
        "message_retention_seconds = var.keep.messages",
        "keep       = var.keep",
        "keep = {",
    ],
    ('module.alarm["p95"].aws_cloudwatch_metric_alarm.this', "threshold"): [
        "threshold           = var.alarm.threshold",
        "alarm  = each.value",
        "for_each = local.alarms",
        "threshold = 0.2",
    ],
    ('module.alarm["errors"].aws_cloudwatch_metric_alarm.this', "threshold"): [
        "threshold           = var.alarm.threshold",
        "alarm  = each.value",
        "for_each = local.alarms",
        "threshold = 5",
    ],
    ("aws_security_group.web", "ingress"): [
        'dynamic "ingress" {',
        "for_each = var.open_ports",
        "default = [80, 443]",
    ],
    ("aws_security_group.web", "ingress.from_port"): [
        "from_port   = ingress.value",
        "for_each = var.open_ports",
        "default = [80, 443]",
    ],
    ("aws_security_group.web", "ingress.protocol"): ['protocol    = "tcp"'],
    ("aws_ssm_parameter.greeting[1]", "name"): [
        'name  = "/${var.shop}/greeting/${count.index}"',
        'default = "shop"',
    ],
    ("aws_iam_policy.publish", "policy"): [
        "policy = data.aws_iam_policy_document.publish.json",
        'data "aws_iam_policy_document" "publish" {',
        'actions   = ["kms:Decrypt"]',
        "resources = [aws_kms_key.shop.arn]",
    ],
    ("module.team.aws_iam_role_policy.publish", "policy"): [
        "policy = jsonencode({",
        'Version   = "2012-10-17"',
        'Statement = [{ Effect = "Allow", Action = "sns:Publish", Resource = var.topic_arn }]',
        "topic_arn = module.topic.arn",
        "value = aws_sns_topic.this.arn",
    ],
}


@pytest.mark.parametrize(("address", "path"), FOLLOWED)
def test_followed_to_the_deciding_line(shop: Provenance, address: str, path: str) -> None:
    assert _lines(shop, SHOP, address, path) == FOLLOWED[address, path]


def test_argument_that_is_not_written_leads_to_the_block(shop: Provenance) -> None:
    assert _lines(shop, SHOP, "aws_kms_key.shop", "deletion_window_in_days") == ['resource "aws_kms_key" "shop" {']


def test_resource_that_is_not_in_the_source(shop: Provenance) -> None:
    assert shop.origin("aws_kms_key.other") is None
    assert shop.origin("module.other.aws_kms_key.shop") is None


def _traced(tree: Path, *var_files: Path) -> Provenance:
    return Provenance(read_tree(tree, tree), var_files, {})


SIZE = 'variable "size" {\n  default = 1\n}\nresource "aws_x" "y" {\n  size = var.size\n}\n'


def test_last_variable_file_wins(plant: Plant) -> None:
    files = {"terraform.tfvars": "size = 2\n", "b.auto.tfvars": "size = 4\n", "a.auto.tfvars": "size = 3\n"}
    tree = plant({"main.tf": SIZE, **files, "given/last.tfvars": "size = 5\n"})

    assert _lines(_traced(tree), tree, "aws_x.y", "size") == ["size = var.size", "size = 4"]
    given = _traced(tree, tree / "given" / "last.tfvars")
    assert _lines(given, tree, "aws_x.y", "size") == ["size = var.size", "size = 5"]


@pytest.mark.parametrize(
    ("files", "path", "lines"),
    [
        ({"main.tf": SIZE, "terraform.tfvars.json": '{\n  "size": 2\n}\n'}, "size", ["size = var.size", '"size": 2']),
        ({"main.tf": SIZE, "main_override.tf": 'resource "aws_x" "y" {\n  size = 9\n}\n'}, "size", ["size = 9"]),
        (
            {"main.tf": 'resource "aws_x" "y" {\n  rule {\n    a = 1\n  }\n  rule {\n    a = 2\n  }\n}\n'},
            "rule.a",
            ["a = 1", "a = 2"],
        ),
        (
            {"main.tf": 'locals {\n  a = local.b\n  b = local.a\n}\nresource "aws_x" "y" {\n  size = local.a\n}\n'},
            "size",
            ["size = local.a", "a = local.b", "b = local.a"],
        ),
    ],
    ids=["variable file in JSON", "overriding file", "repeated blocks", "ring of local values"],
)
def test_a_value_is_traced_to_each_line_that_decides(
    plant: Plant, files: dict[str, str], path: str, lines: list[str]
) -> None:
    tree = plant(files)
    assert _lines(_traced(tree), tree, "aws_x.y", path) == lines


@pytest.mark.parametrize(
    ("address", "plain", "parts", "indices"),
    [
        ("aws_x.y", "aws_x.y", ("", "aws_x.y"), (None,)),
        ("aws_x.y[0]", "aws_x.y", ("", "aws_x.y"), ("0",)),
        ('data.aws_x.y["a.b"]', "data.aws_x.y", ("", "data.aws_x.y"), ("a.b",)),
        ('module.a["x]y"].module.b.aws_x.y', "module.a.module.b.aws_x.y", ("module.a.module.b", "aws_x.y"), ("x]y", None, None)),
        (r'module.a["q\"q"].aws_x.y[3]', "module.a.aws_x.y", ("module.a", "aws_x.y"), (r"q\"q", "3")),
    ],
)  # fmt: skip
def test_addresses_come_apart(
    address: str, plain: str, parts: tuple[str, str], indices: tuple[str | None, ...]
) -> None:
    assert without_indices(address) == plain
    assert split_module(plain) == parts
    assert keys(address) == indices


# ── The origins of the keys in provider blocks

HANDED = {"references": ["var.default"]}
WRITTEN, HANDED_IN = "is written out", "is handed in when it runs"
ROOT = """
variable "none" {}
variable "empty" { default = null }
variable "default" { default = "hunter2hunter2" }
variable "assigned" {}
variable "both" { default = "" }
locals {
  key   = var.default
  keys  = { ours = var.none, theirs = "hunter2hunter2" }
  round = local.round
}
module "m" {
  source = "./m"
  key    = %s
}
provider "%s" {
  token  = %s
  region = "eu-west-1"
}
"""
MODULE = 'variable "key" {}\noutput "key" { value = var.key }\n'


def explain(root: Path, value: str, *, handed: str = "null", environment: dict[str, str] | None = None) -> object:
    write_tree(
        root,
        {
            "m/main.tf": MODULE,
            "main.tf": ROOT % (handed, "github", value),
            "terraform.tfvars": 'assigned = "hunter2hunter2"\n',
        },
    )
    known = Provenance(read_tree(root, root), (), environment or {})
    (block,) = find_provider_blocks(PlannedConfiguration({}), known)
    assert (block.address, [*block.search()]) == ("provider.github", ["token"])
    found = block.search()["token"]
    return "unknown" if isinstance(found, Unknown) else found


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ('"hunter2hunter2"', WRITTEN),
        ("var.default", WRITTEN),
        ("local.key", WRITTEN),
        ("var.assigned", WRITTEN),
        ("local.keys.theirs", WRITTEN),
        ("local.keys.ours", HANDED_IN),
        ('var.none != "" ? var.none : "${var.default}"', WRITTEN),
        ("var.none", HANDED_IN),
        ("var.empty", HANDED_IN),
        ("var.both", HANDED_IN),
        ("null", HANDED_IN),
        ("local.round", HANDED_IN),
        ("data.aws_eks_cluster_auth.this.token", HANDED_IN),
        ("ephemeral.aws_secretsmanager_secret_version.this.secret_string", HANDED_IN),
        ("aws_iam_access_key.ci.secret", "is made by aws_iam_access_key.ci"),
        ("module.elsewhere.key", "unknown"),
    ],
)
def test_a_key_is_told_by_what_it_comes_from(tmp_path: Path, value: str, source: str) -> None:
    assert explain(tmp_path, value) == source


@pytest.mark.parametrize(
    ("handed", "source"), [('"hunter2hunter2"', WRITTEN), ("var.none", HANDED_IN), ("var.default", WRITTEN)]
)
def test_what_a_module_gives_out_is_what_it_was_handed(tmp_path: Path, handed: str, source: str) -> None:
    assert explain(tmp_path, "module.m.key", handed=handed) == source


def test_a_default_that_the_environment_replaces_is_not_the_key(tmp_path: Path) -> None:
    assert explain(tmp_path, "var.default", environment={"TF_VAR_default": "x"}) == HANDED_IN


@pytest.mark.parametrize(("url", "blocks"), [("http://localhost:4566", 0), ("http://localstack:4566", 0),
                                             ("https://s3.localhost.localstack.cloud", 0), ("https://s3.example.com", 1)])  # fmt: skip
def test_keys_of_an_emulator_open_nothing(tmp_path: Path, url: str, blocks: int) -> None:
    (tmp_path / "main.tf").write_text(
        f'provider "aws" {{\n  secret_key = "hunter2hunter2"\n  endpoints {{\n    s3 = "{url}"\n  }}\n}}\n'
    )
    known = Provenance(read_tree(tmp_path, tmp_path), (), {})
    assert len([*find_provider_blocks(PlannedConfiguration({}), known)]) == blocks


@pytest.mark.parametrize(("url", "given", "found"), [
    ("http://localhost:4566", {}, []), ("https://s3.example.com", {}, [WRITTEN]),
    ("https://s3.example.com", {"default": "hunter2hunter2"}, [WRITTEN]),
    ("https://s3.example.com", [{"default": "hunter2hunter2"}], [WRITTEN]),
])  # fmt: skip
@pytest.mark.parametrize("value", ["hunter2hunter2", "hunter2${", "%{hunter2}"])
def test_keys_in_json_are_keys(tmp_path: Path, url: str, given: object, value: str, found: list[str]) -> None:
    block = {"secret_key": "${ # the\n var.key}", "endpoints": [{"s3": url}]}
    write_tree(
        tmp_path,
        {
            "main.tf.json": json.dumps({"provider": {"aws": block}, "variable": {"key": given}}),
            "terraform.tfvars.json": json.dumps({} if given else {"key": value}),
        },
    )
    known = Provenance(read_tree(tmp_path, tmp_path), (), {})
    blocks = find_provider_blocks(PlannedConfiguration({}), known)
    assert [block.search()["secret_key"] for block in blocks] == found


def planned(value: object, *, module: str = "", given: object = "hunter2hunter2", stated: str = "value") -> object:
    block = {"name": "aws", "alias": "a", "module_address": module, "expressions": {"secret_key": value}}
    variables = {"default": {"default": "hunter2hunter2"}, "none": {}}
    calls = {"m": {"expressions": {"handed": HANDED}, "module": {"variables": {"handed": {}, "left": {"default": ""}}}}}
    plan = {
        "variables": {"default": {stated: given}, "none": {"value": "hunter3"}},
        "configuration": {
            "provider_config": {"aws.a": block},
            "root_module": {"variables": variables, "module_calls": calls},
        },
    }
    (made,) = find_provider_blocks(PlannedConfiguration(plan), None)
    assert made.address == (f"{module}." if module else "") + "provider.aws.a"
    found = made.search()["secret_key"]
    return "unknown" if isinstance(found, Unknown) else found


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ({"constant_value": "hunter2hunter2"}, WRITTEN),
        ({"references": ["var.default"]}, WRITTEN),
        ({"references": ["var.none"]}, HANDED_IN),
        ({"references": ["local.key"]}, "unknown"),
        ({"references": ["aws_iam_access_key.k.secret", "aws_iam_access_key.k"]}, "is made by aws_iam_access_key.k"),
        ({}, "unknown"),
    ],
)
def test_a_plan_says_it_as_well(value: object, source: str) -> None:
    assert planned(value) == source


@pytest.mark.parametrize(("name", "source"), [("handed", WRITTEN), ("left", HANDED_IN), ("default", "unknown")])
def test_a_plan_says_what_a_module_is_handed(name: str, source: str) -> None:
    assert planned({"references": [f"var.{name}"]}, module="module.m") == source


def test_what_is_given_in_the_place_of_a_default_is_handed_in() -> None:
    assert planned({"references": ["var.default"]}, given="another") == HANDED_IN


def test_of_a_variable_without_a_value_the_default_counts() -> None:
    assert planned({"references": ["var.default"]}, stated="ephemeral") == WRITTEN


@pytest.mark.parametrize("written", [
    {"locals": {"keys": {"key": "hunter2hunter2", "dynamic": {"a": 1}}}, "provider": "${local.keys.key}"},
    {"locals": {"connection": "hunter2hunter2"}, "provider": "${local.connection}"},
    {"variable": {"keys": {"default": {"dynamic": {"key": "hunter2hunter2"}}}}, "provider": "${var.keys.dynamic.key}"},
])  # fmt: skip
def test_values_in_json_are_no_blocks(tmp_path: Path, written: dict[str, object]) -> None:
    text = json.dumps(written | {"provider": {"github": {"token": written["provider"]}}})
    (tmp_path / "main.tf.json").write_text(text)
    (block,) = find_provider_blocks(PlannedConfiguration({}), Provenance(read_tree(tmp_path, tmp_path), (), {}))
    assert block.search()["token"] == WRITTEN


def test_each_resource_knows_the_block_that_makes_it(plant: Plant) -> None:
    files = {
        "main.tf": """provider "aws" {
  alias  = "us"
  region = "us-east-1"
}
resource "aws_sqs_queue" "here" {}
module "m" {
  source    = "./m"
  providers = { aws = aws.us }
}
""",
        "m/main.tf": 'resource "aws_sqs_queue" "there" {}\n',
    }
    found = from_json(to_json(evaluate(plant(files))))
    assert {each.name: each.provider for each in found.of("aws_sqs_queue")} == {"here": "aws", "there": "aws.us"}
