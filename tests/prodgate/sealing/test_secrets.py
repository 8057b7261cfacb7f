"""A secret in the gate's input is in no byte of a bundle, in no encoding."""

import base64
import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.trees import write_tree

from .encodings import find
from .sealed import NIGHTLY
from .test_seals import private

#: Each has a place of its own, so that a leaked one reveals its source.
CANARIES = {
    name: f"Canary/{number}+of a {name}?"
    for number, name in enumerate(("password", "secret", "parameter", "variable", "setting"))
}
TREE = f"""
variable "password" {{
  type      = string
  sensitive = true
}}

resource "aws_rds_cluster" "shop" {{
  cluster_identifier      = "shop"
  engine                  = "aurora-postgresql"
  master_username         = "shop"
  master_password         = var.password
  backup_retention_period = 35
  skip_final_snapshot     = true
}}

resource "aws_secretsmanager_secret" "shop" {{
  name = "shop"
}}

resource "aws_secretsmanager_secret_version" "shop" {{
  secret_id     = aws_secretsmanager_secret.shop.id
  secret_string = {json.dumps(CANARIES["secret"])}
}}

resource "aws_ssm_parameter" "shop" {{
  name  = "/shop/key"
  type  = "SecureString"
  value = {json.dumps(CANARIES["parameter"])}
}}

resource "aws_ecs_task_definition" "shop" {{
  family = "shop"
  container_definitions = jsonencode([{{
    name        = "shop"
    image       = "shop:1"
    essential   = true
    memory      = 128
    environment = [{{ name = "DATABASE_PASSWORD", value = {json.dumps(CANARIES["setting"])} }}]
  }}])
}}

resource "aws_sqs_queue" "dead" {{
  name                      = "dead"
  message_retention_seconds = 1209600
}}
"""
CRITERIA = """
system = "shop"

[terraform]
root = "infra"

[criteria.dead-letters-kept]
statement = { en = "Dead letters are kept.", ja = "保持する。" }
why = "Somebody must have the time to look."
require = ">= 14 d"
source = "X-1"
layers = ["static", "live"]
"""
CHECK = '''
"""Dead letters of the shop."""

from prodgate import Criterion, check
from prodgate.facts.live.queues import DeadLetterQueue


@check("dead-letters-kept", remedy="Keep them longer.", measures="time")
def test_dead_letters_are_kept(queue: DeadLetterQueue, criterion: Criterion) -> None:
    """Is there time to look at what failed?"""
    criterion.require(queue.retention)
'''
POLICY = '''
"""Policies of the shop."""

from prodgate import Criterion, Quantity, Resource, policy


@policy("SHOP_1", criterion="dead-letters-kept", resources=("aws_sqs_queue",), remedy="Keep them longer.")
def queues_keep_messages(queue: Resource, criterion: Criterion) -> None:
    """Queues keep their messages."""
    criterion.require(Quantity.seconds(queue.number("message_retention_seconds", 345600)))
'''


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A signed bundle of a run that read all canaries."""
    shop = tmp_path_factory.mktemp("shop")
    for folder in ("infra", "policies", "suites/live"):
        (shop / folder).mkdir(parents=True)
    write_tree(
        shop,
        {
            "criteria.toml": CRITERIA,
            "infra/main.tf": TREE,
            "policies/shop.py": POLICY,
            "suites/live/test_shop.py": CHECK,
        },
    )
    given = {"TF_VAR_password": CANARIES["password"], "SHOP_TOKEN": CANARIES["variable"]}
    environment = {**os.environ, **given, "PRODGATE_SIGNING_KEY": private(NIGHTLY)}
    command = [sys.executable, "-m", "prodgate.cli"]
    done = subprocess.run(
        [*command, "run", "rehearsal://", "--only", "static,live"],
        cwd=shop, capture_output=True, text=True, timeout=400, check=False, env=environment,
    )  # fmt: skip
    assert "sealed, signed by key" in done.stdout, done.stdout + done.stderr
    assert "live: looking at account" in done.stderr
    (run,) = (shop / "runs").iterdir()
    packed = subprocess.run([*command, "bundle", str(run)], cwd=shop, capture_output=True, text=True, check=True)
    return Path(packed.stdout.split("  ")[1].strip()).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", CANARIES)
def test_no_byte_of_a_bundle_holds_a_secret(bundle: bytes, name: str) -> None:
    assert list(find(CANARIES[name], "bundle", bundle)) == []


def test_what_holds_the_secrets_was_read_and_is_found(bundle: bytes) -> None:
    for place in ("aws_rds_cluster.shop", "aws_secretsmanager_secret_version.shop", "aws_ssm_parameter.shop"):
        assert list(find(place, "bundle", bundle)), place
    assert any("gzip" in place for place in find("DATABASE_PASSWORD", "bundle", bundle))


@pytest.mark.slow
def test_no_byte_of_a_bundle_holds_the_key(bundle: bytes) -> None:
    line = private(NIGHTLY).splitlines()[1]
    assert list(find(line, "bundle", bundle)) == []
    assert list(find(base64.b64decode(line)[-32:].hex(), "bundle", bundle)) == []


def zipped(data: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", data)
    return made.getvalue()


@pytest.mark.parametrize(
    "hide",
    [
        lambda s: s.encode(),
        lambda s: b"x" + base64.b64encode(b"ab" + s.encode() + b"cd"),
        lambda s: base64.urlsafe_b64encode(b"a" + s.encode() + b"c"),
        lambda s: quote(s, safe="").encode(),
        lambda s: s.encode().hex().encode(),
        lambda s: gzip.compress(b"x" + s.encode()),
        lambda s: zipped(gzip.compress(base64.b64encode(s.encode()))),
        lambda s: base64.b64encode(gzip.compress(s.encode() * 3)),
        lambda s: base64.b64encode(gzip.compress(s.encode() + os.urandom(200))[:-20]),
        lambda s: base64.b64encode(b"\x1f\x8b\x07 begins like gzip, and is none ") + s.encode(),
        lambda s: s.encode("utf-16-le"),
    ],
)
def test_the_search_finds_what_is_hidden(hide: object) -> None:
    assert callable(hide)
    assert list(find(CANARIES["password"], "data", b"")) == []
    assert list(find(CANARIES["password"], "data", hide(CANARIES["password"])))
