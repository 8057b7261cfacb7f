"""A run never lets out a secret, in any place of a project, nor a pipeline command, whatever the names and
contents of projects, runs and files."""

import base64
import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from prodgate.evidence import runs
from prodgate.findings import Outcome
from tests.prodgate.plants import find_planted, spell
from tests.prodgate.runners import find_commands
from tests.trees import write_tree

from .small_shop import CRITERIA, POLICY, gate, only_run

ASKED = "".join(
    f"""
[criteria.{id_}]
statement = {{ en = "{id_} holds.", ja = "{id_} を満たす。" }}
why = "A test asks it."
source = "X-3"
layers = ["static"]
"""
    for id_ in ("secrets-no-plain-values", "secrets-not-in-source", "secrets-in-secrets-manager")
)
SCRIPT = "#!/bin/sh\nexport DB_PASSWORD={}\n"


def encode(secret: str, *, compressed: bool = False) -> str:
    data = SCRIPT.format(secret).encode()
    return base64.b64encode(gzip.compress(data) if compressed else data).decode()


#: Place -> how Terraform has a secret there.
PLACES = {
    "plain": 'resource "aws_instance" "p" {{\n  user_data = "export DB_PASSWORD={}"\n}}',
    "base64": 'resource "aws_instance" "b" {{\n  user_data_base64 = "{base64}"\n}}',
    "gzip": 'resource "aws_instance" "g" {{\n  user_data_base64 = "{gzip}"\n}}',
    "tag": 'resource "aws_sqs_queue" "t" {{\n  tags = {{ api_token = "{}" }}\n}}',
    "trigger": 'resource "terraform_data" "t" {{\n  triggers_replace = {{ db_password = "{}" }}\n}}',
    "quoted trigger": 'resource "terraform_data" "q" {{\n  triggers_replace = ["mysql -u root -p{}"]\n}}',
    "output": 'output "admin_password" {{\n  value = "{}"\n}}',
    "provisioner": """resource "terraform_data" "r" {{
  provisioner "local-exec" {{
    command     = "true"
    environment = {{ SMTP_PASSWORD = "{}" }}
  }}
}}""",
    "default": """variable "site_password" {{
  default = "{}"
}}
resource "aws_sqs_queue" "d" {{
  tags = {{ note = var.site_password }}
}}""",
    "container": """resource "aws_ecs_task_definition" "c" {{
  family                = "c"
  container_definitions = jsonencode([{{ name = "a", environment = [{{ name = "DB_PASSWORD", value = "{}" }}] }}])
}}""",
    "master": """resource "aws_rds_cluster" "m" {{
  engine          = "aurora-postgresql"
  master_password = "{}"
}}""",
    "backend": 'terraform {{\n  backend "pg" {{\n    conn_str = "postgres://u:{}@h/db"\n    password = "{}-2"\n  }}\n}}',
    "module": 'locals {{\n  mail = {{ smtp_password = "{}" }}\n}}\nresource "aws_sqs_queue" "l" {{\n  tags = {{ m = local.mail["smtp_password"] }}\n}}',
}  # fmt: skip
#: In an environment variable and in a variable file.
HANDED = """
variable "handed_password" {}
variable "filed_token" {}
resource "aws_sqs_queue" "handed" {
  tags = { one = var.handed_password, two = var.filed_token }
}
"""
#: Values that core refuses, quoting the secret, and one that its condition does not name.
REFUSED = """
variable "short_password" {
  default = "refused-Pw-5501"
  validation {
    condition     = length(var.short_password) > 400
    error_message = "The password ${var.short_password} is too short."
  }
}
resource "aws_sqs_queue" "refused" {
  name = "q"
  lifecycle {
    precondition {
      condition     = length(local.odd["api_token"]) > 400
      error_message = "${local.odd["api_token"]} is odd, and so is ${var.other_password}."
    }
  }
}
variable "other_password" {
  default = "refused-Pw-5502"
}
locals {
  odd = { api_token = "refused-Pw-5503" }
}
"""


def plant(shop: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Put a secret of its own into each place; return them by place."""
    planted = {place: f"plant-{number:02}-Zq7x" for number, place in enumerate(PLACES)}
    for number, (place, text) in enumerate(PLACES.items()):
        secret = planted[place]
        kinds = {"base64": encode(secret), "gzip": encode(secret, compressed=True)}
        (shop / "infra" / f"p{number}.tf").write_text(text.format(secret, secret, **kinds))
    (shop / "infra" / "handed.tf").write_text(HANDED)
    planted |= {"TF_VAR": "plant-90-Zq7x", "tfvars": "plant-91-Zq7x"}
    (shop / "infra" / "terraform.tfvars").write_text(f'filed_token = "{planted["tfvars"]}"\n')
    monkeypatch.setenv("TF_VAR_handed_password", planted["TF_VAR"])
    return planted


@pytest.fixture
def asking(shop: Path) -> Path:
    (shop / "criteria.toml").write_text(CRITERIA + ASKED, "utf-8")
    return shop


@pytest.mark.slow
def test_no_place_of_a_project_gives_a_secret_away(asking: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = plant(asking, monkeypatch)
    done = gate(asking, "run", "rehearsal://", "--only", "static", ends=None)
    run = only_run(asking)
    kept = runs.read(run)
    assert find_planted(run, *planted.values()) == []
    assert not any(secret in done.stdout + done.stderr for secret in planted.values())
    found = {finding.subject for finding in kept.findings if finding.outcome is Outcome.NOT_SATISFIED}
    assert {"aws_instance.p", "aws_instance.b", "aws_instance.g", "aws_ecs_task_definition.c"} <= found
    gate(asking, "judge", str(run), ends=done.returncode)
    (again,) = (each for each in (asking / "runs").iterdir() if each != run)
    outcomes = [
        sorted((f.criterion, f.check, f.subject, f.outcome) for f in each.findings) for each in (kept, runs.read(again))
    ]
    assert outcomes[0] == outcomes[1]


@pytest.mark.slow
def test_what_core_says_gives_no_secret_away_and_is_said_once(asking: Path) -> None:
    (asking / "infra" / "refused.tf").write_text(REFUSED)
    done = gate(asking, "run", "rehearsal://", "--only", "static", ends=1)  # defaults of passwords are found
    run = only_run(asking)
    assert find_planted(run, "refused-Pw-5501", "refused-Pw-5502", "refused-Pw-5503") == []
    assert "refused-Pw" not in done.stdout + done.stderr
    assert sum("invalid value for variable" in line for line in (run / "journal.jsonl").read_text().splitlines()) == 1


def test_whatever_spelling_is_planted_is_found(tmp_path: Path) -> None:
    for number, data in enumerate(spell("plant-99-Zq7x")):
        (tmp_path / str(number)).write_bytes(b"x=" + data if number < 4 else data)
        assert find_planted(tmp_path, "plant-99-Zq7x") == [f"{number}: plant-99-Zq7x"]
        (tmp_path / str(number)).unlink()
        (tmp_path / "0").write_bytes(b"nothing")


# ── No command of the gate prints a pipeline command, whatever the names and contents of projects, runs and files

#: Options of a check.
CHECKED = ("", " | --json", " | --format | sarif", " | --format | junit", " | --explain")
BAD = "##[add-mask]x ::error::y"
TREE = r"""
variable "names" {
  default = ["##[add-mask]orders", "\n::add-mask::GO", "a b c d e f g h i j k l m n o p q r s t u v w x y z ::add-mask::GO"]
}
resource "aws_sqs_queue" "orders" {
  for_each                  = toset(var.names)
  name                      = each.key
  message_retention_seconds = 60
  tags                      = { "##[error]k" = "##[error]v" }
}
resource "aws_sqs_queue" "refused" {
  name = "q"
  lifecycle {
    precondition {
      condition     = REFUSED
      error_message = "##[add-mask]x\n::add-mask::GO is the reason.\r::error::x"
    }
  }
}
"""
PLAN_POLICY = POLICY.replace('remedy="Keep them longer."', 'remedy="##[add-mask]x\\n::add-mask::GO"')


@pytest.fixture
def bad(shop: Path) -> Path:
    """The shop, with planted commands wherever a text is printed."""
    text = CRITERIA.replace("What can't be evaluated can't be judged.", BAD).replace(
        "A weekend must not lose orders.", "##[group]x\\n::add-mask::GO"
    )
    return write_tree(
        shop,
        {
            "criteria.toml": text.replace('"Queues keep messages."', '"##[add-mask]GO Queues keep."'),
            "policies/shop.py": f"{PLAN_POLICY}\nprint('##[add-mask]x', '\\n::add-mask::GO')\n",
            "infra/main.tf": TREE.replace("REFUSED", "length(var.names) > 0"),
            "infra/##[add-mask]x.tf": 'resource "aws_sqs_queue" "other" {\n  name = "o"\n}\n',
            "dags/##[add-mask]x.py": "from airflow import DAG\nDAG('##[add-mask]x')\n",
        },
    )


def run_all(shop: Path, *lines: str) -> str:
    """Run command lines; return their output, in which no runner may find a command."""
    said = ""
    for line in lines:
        done = gate(shop, *line.split(" | "), ends=None)
        assert done.returncode != 3, done.stderr
        assert [*find_commands(done.stdout)] == [], line
        assert [*find_commands(done.stderr)] == [], line
        said += done.stdout + done.stderr
    return said


@pytest.mark.slow
def test_what_judges_without_a_run_prints_no_command(bad: Path) -> None:
    said = run_all(
        bad,
        *(f"check | infra | --criteria | criteria.toml{more}" for more in CHECKED),
        "explain | queue-retention", "explain | SHOP_1", "explain | ##[add-mask]x",
        "trace", "trace | --json", "trace | --check", "test", "init | --dry-run", "iam-policy", "##[add-mask]x", "check | ##[add-mask]x ::error::y",
        "verify | ##[add-mask]x", "judge | \n::add-mask::GO", "check | infra | --criteria | ##[add-mask]x.toml",
    )  # fmt: skip
    assert "## [add-mask]" in said
    assert ": :add-mask::GO" in said
    (bad / "infra" / "main.tf").write_text(TREE.replace("REFUSED", "length(var.names) > 9"))
    assert "## [add-mask]" in run_all(bad, "check | infra", "check | infra | --json")


@pytest.mark.slow
def test_annotations_are_the_gates_own_alone(bad: Path) -> None:
    done = gate(bad, "check", "infra", "--format", "github", "--criteria", "criteria.toml", ends=None)
    assert set(find_commands(done.stdout)) == {"error"}
    assert all(re.match(r"::error [^:]*::[^\r\n]*$", line) for line in done.stdout.splitlines())
    assert [*find_commands(done.stderr)] == []


@pytest.mark.slow
def test_what_runs_and_reads_runs_prints_no_command(bad: Path) -> None:
    (bad / "infra" / "main.tf").write_text(TREE.replace("REFUSED", "length(var.names) > 9"))
    assert "## [add-mask]" in run_all(bad, "run | rehearsal:// | --only | static")
    run = only_run(bad)
    assert [*find_commands((run / "logs" / "static.txt").read_text())] == []
    (bad / "infra" / "main.tf").write_text(TREE.replace("REFUSED", "length(var.names) > 0"))
    run_all(bad, "run | rehearsal:// | --only | static", f"diff | {run} | {run}", f"judge | {run}", f"report | {run}")
    forms = ("json", "sarif", "junit", "oscal", "ocsf", "asff")
    said = run_all(bad, *(f"export | {run} | --format | {form}" for form in forms), f"report | {run} | --json")
    assert "add-mask" in said
    (run / "logs" / "##[add-mask]x").write_text("x")
    said = run_all(bad, f"verify | {run}", f"report | {run}", f"verify | {run} | --json", f"bundle | {run} | x.zip")
    assert "## [add-mask]x" in said


@pytest.mark.slow
def test_the_verifier_beside_a_run_prints_no_command(bad: Path) -> None:
    run_all(bad, "run | rehearsal:// | --only | static")
    run = only_run(bad)
    (run / "logs" / "##[add-mask]x\n::add-mask::GO").write_text("x")
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    (bad / "key.pem").write_bytes(
        key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    command = [sys.executable, str(run / "verify.py"), str(bad / "key.pem"), str(run)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout
    assert "## [add-mask]x" in said
    assert [*find_commands(said)] == []
