"""Texts beside resources, and packed ones in them: secrets there are found, and kept by nobody."""

import json
from pathlib import Path

import policies.secrets  # noqa: F401  which registers the policy
import pytest

from prodgate import Configuration
from prodgate.terraform.evaluate import evaluate, open_configurations
from prodgate.terraform.serialization import from_json, to_json
from prodgate.testing import POLICIES, Outcome, apply, load_criteria

BESIDE = """
variable "db_password" {
  default = "correct-horse"
}
variable "db_password_length" {
  default = "20"
}
variable "api_token" {
  default = ""
}
variable "handed_in" {
  type = string
}
output "signing_key" {
  value = "s3cr3t-of-ours"
}
output "token" {
  value = terraform_data.run.id
}
resource "terraform_data" "run" {
  provisioner "local-exec" {
    command     = "deploy --region eu-west-1"
    environment = { DEPLOY_TOKEN = "4f6d1c2b", OWN_TOKEN = var.handed_in }
  }
}
resource "aws_s3_object" "packed" {
  bucket         = "b"
  key            = "k"
  content_base64 = base64gzip("export ID=\u0041KIAIOSFODNN7EXAMPLE")
}
resource "aws_sqs_queue" "tagged" {
  name = "tagged"
  tags = { owner = "news", db-password = "correct-horse" }
}
"""
FOUND = {
    "var.db_password.db_password",
    "output.signing_key.signing_key",
    "terraform_data.run.provisioner.local-exec.environment.text: DEPLOY_TOKEN",
    "aws_s3_object.packed.content_base64",
    "aws_sqs_queue.tagged.tags.db-password",
    "terraform.tfvars.handed_in: SMTP_PASSWORD",
}


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> tuple[Configuration, Configuration]:
    """A root, and its plan without the source."""
    root, seen = tmp_path_factory.mktemp("beside"), list[object]()
    (root / "main.tf").write_text(BESIDE, "utf-8")
    (root / "terraform.tfvars").write_text("handed_in = \"SMTP_PASSWORD='correct-horse'\"\n", "utf-8")
    read = evaluate(root, on_plan=seen.append)
    (root / "plan.json").write_text(json.dumps(seen[0]), "utf-8")
    return read, open_configurations(root / "plan.json")[0]


def _find_aspects(tree: Configuration) -> set[str]:
    asked = load_criteria(Path(__file__).parents[3] / "criteria.toml").criteria["secrets-no-plain-values"]
    found = [*apply(POLICIES["PG_SEC_3"], tree, asked)]
    assert all(each.outcome is Outcome.NOT_SATISFIED for each in found)
    return {each.aspect for each in found if not each.aspect.startswith("aws_sqs_queue.tagged.tags_all")}


def test_a_secret_beside_resources_is_found(beside: tuple[Configuration, Configuration]) -> None:
    read, planned = beside
    assert _find_aspects(read) == FOUND
    assert _find_aspects(from_json(to_json(read))) == FOUND
    assert "correct-horse" not in json.dumps(to_json(read))
    assert _find_aspects(planned) == {each for each in FOUND if "terraform" not in each}
