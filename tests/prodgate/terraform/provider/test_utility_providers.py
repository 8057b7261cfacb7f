"""The small providers that configurations use beside AWS."""

import re
from typing import Any

import pytest

from prodgate.terraform.provider.utility_providers import TYPES, utility_schemas
from tests.prodgate.terraform.provider.playground import playground

TREE = """
resource "random_id" "id" {
  byte_length = 4
  prefix      = "app-"
}
resource "random_string" "name" {
  length  = 40
  special = false
}
resource "random_shuffle" "zones" {
  input        = ["a", "b", "c"]
  result_count = 2
}
resource "random_integer" "port" {
  min = 8000
  max = 9000
}
resource "null_resource" "each" {
  count    = 2
  triggers = { at = random_id.id.hex }
}
resource "time_static" "now" {}
resource "tls_private_key" "key" {
  algorithm = "ED25519"
}
resource "tls_self_signed_cert" "cert" {
  private_key_pem       = tls_private_key.key.private_key_pem
  validity_period_hours = 12
  allowed_uses          = ["server_auth"]
  subject {
    common_name = "example.com"
  }
}
resource "local_file" "out" {
  filename = "out.txt"
  content  = "x"
}
data "archive_file" "code" {
  type        = "zip"
  output_path = "code.zip"
  source {
    content  = "x"
    filename = "x.py"
  }
}
data "tls_certificate" "github" {
  url = "https://token.actions.githubusercontent.com"
}
resource "null_resource" "print" {
  triggers = { print = data.tls_certificate.github.certificates[0].sha1_fingerprint }
}
"""


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with playground(tmp_path_factory.mktemp("small"), TREE) as root:
        return root.values()


def test_random_values_that_names_are_made_of_are_known(values: dict[str, Any]) -> None:
    assert re.fullmatch(r"app-[0-9a-f]{8}", values["random_id.id"]["hex"])
    assert len(values["random_string.name"]["result"]) == 40


def test_what_is_drawn_by_lot_stays_unknown(values: dict[str, Any]) -> None:
    assert "result" not in values["random_shuffle.zones"]
    assert "result" not in values["random_integer.port"]


def test_twins_are_told_apart(values: dict[str, Any]) -> None:
    assert values["null_resource.each[0]"]["id"] != values["null_resource.each[1]"]["id"]


def test_the_others_plan(values: dict[str, Any]) -> None:
    assert values["tls_self_signed_cert.cert"]["subject"][0]["common_name"] == "example.com"
    assert values["data.archive_file.code"]["output_path"] == "code.zip"
    assert "prodgate-unread" in values["null_resource.print"]["triggers"]["print"]


@pytest.mark.parametrize("provider", TYPES)
def test_the_table_is_read_to_the_end(provider: str) -> None:
    """Nothing in a line is skipped because it is written wrong."""
    schemas = utility_schemas(provider)
    for kind, types in TYPES[provider].items():
        for name, stated in types.items():
            block = schemas.block(kind, name)
            names = re.findall(r"(?<=[ {*])(\w\w+)(?= [a-z]+[!?=])|^(\w+)(?= [a-z]+[!?=])", stated)
            found = set(block["attributes"]) | {
                inner for nested in block["block_types"].values() for inner in nested["block"]["attributes"]
            }
            assert found == {first or second for first, second in names}, name
