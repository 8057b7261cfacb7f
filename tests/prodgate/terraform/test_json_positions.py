"""Where a value is written in Terraform's JSON syntax."""

import pytest

from prodgate.terraform.provenance import Provenance
from prodgate.terraform.sources import read_tree
from tests.prodgate.terraform.tree_files import Plant

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
    "name": "eu-west-1"
  }}}
}
"""
VARIABLES = 'variable "days" {\n  default = 3\n}\n'


@pytest.fixture
def known(plant: Plant) -> Provenance:
    root = plant({"main.tf.json": MAIN, "variables.tf": VARIABLES})
    return Provenance(read_tree(root, root, {}), (), {})


@pytest.mark.parametrize(
    ("address", "path", "places"),
    [
        ("aws_security_group.web[0]", "", ["main.tf.json:5"]),
        ("aws_security_group.web[0]", "name", ["main.tf.json:6"]),
        ("aws_security_group.web[0]", "description", ["main.tf.json:5"]),
        ("aws_security_group.web[0]", "tags.team", ["main.tf.json:17"]),
        ("aws_security_group.web[0]", "ingress", ["main.tf.json:9"]),
        ("aws_security_group.web[0]", "ingress.from_port", ["main.tf.json:12"]),
        ("aws_db_instance.orders", "", ["main.tf.json:22"]),
        ("aws_db_instance.orders", "backup_retention_period", ["main.tf.json:23", "variables.tf:2"]),
        ("aws_db_instance.orders", "timeouts.create", ["main.tf.json:25", "main.tf.json:26"]),
        ("data.aws_region.here", "name", ["main.tf.json:33"]),
    ],
)
def test_each_argument_has_its_line(known: Provenance, address: str, path: str, places: list[str]) -> None:
    origin = known.origin(address)
    assert origin is not None
    assert [str(place) for place in origin.of(path)] == places


def test_what_core_takes_for_itself_is_no_argument(known: Provenance) -> None:
    origin = known.origin("aws_security_group.web[0]")
    assert origin is not None
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
        "ä",
    ],
)
def test_texts_that_the_native_syntax_writes_otherwise_change_no_line(plant: Plant, text: str) -> None:
    head = f'{{"resource": {{"aws_x": {{\n"z": {{"a": "{text}"}},\n'
    root = plant({"main.tf.json": f'{head}"y": {{\n"b": 1}}}}}}}}'})
    origin = Provenance(read_tree(root, root, {}), (), {}).origin("aws_x.y")
    assert origin is not None
    assert [str(place) for place in (*origin.of(""), *origin.of("b"))] == ["main.tf.json:3", "main.tf.json:4"]


def test_whatever_repeats_has_the_line_of_its_name(plant: Plant) -> None:
    text = '{"data": {"aws_x": {"d": {}}},\n"module": [{\n"m": {"source": "./m", "count": "${1 == \\"1\\" ? 1 : 0}"}}]}'
    module = read_tree(root := plant({"main.tf.json": text, "m/main.tf": ""}), root, {}).root
    assert str(module.calls["m"].position) == "main.tf.json:3"
    assert [str(module.find_position(each)) for each in ("module.m", "data.aws_x.d", "aws_x.d")] == [
        "main.tf.json:3",
        "main.tf.json:1",
        "None",
    ]


@pytest.mark.parametrize("text", ['{"resource": {"aws_x": {"y": {"a": "b\\qc"}}}}', "[]", "{}", '{"resource": 3}'])
def test_what_is_no_configuration_has_no_position(plant: Plant, text: str) -> None:
    root = plant({"main.tf.json": text})
    assert Provenance(read_tree(root, root, {}), (), {}).origin("aws_x.y") is None
