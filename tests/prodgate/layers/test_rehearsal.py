"""The rehearsal stands behind one Protocol and is loaded when one runs, never on a real account."""

import os
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from prodgate.aws.answers import Unreadable
from prodgate.layers.rehearsal import load_rehearsal
from tests.trees import write_tree

CRITERIA = """
system = "shop"

[terraform]
root = "infra"

[account]
id = "123456789012"

[load]
hosts = ["www.shop.example"]
locustfile = "locustfile.py"
resolves_to = ["192.0.2.0/24"]
most = { rate = "10 /s", duration = "2 min" }
steady = { rate = "1 /s", duration = "1 min", timeout = "2 s" }

[e2e]
base_url = "https://www.shop.example"
hosts = ["www.shop.example"]
health = "/"

[e2e.pages]
front = { path = "/", regions = ["main"] }

[airflow]
version = "3.0.6"
environment = "shop"

[dags.orders]
cron = "0 * * * *"
timezone = "UTC"
window = "1 d"
grace = "10 min"
limit = "1 h"
tasks = { one = [] }

[criteria.latency]
statement = { en = "Fast.", ja = "速い。" }
why = "Readers wait."
require = "<= 200 ms"
source = "X-1"
layers = ["static", "live", "load", "e2e"]
"""
#: Records, in every Python that starts with it on its path, the importers of a rehearsal module; there are none.
WATCH = """
import os, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "prodgate.rehearsal" or name.startswith("prodgate.rehearsal."):
            with open(os.environ["ASKED"], "a") as file:
                file.write(name + "\\n")
            raise ImportError(f"{name} is watched", name="moto")

sys.meta_path.insert(0, Watch())
"""
TREE = 'resource "aws_sns_topic" "orders" {\n  name = "orders"\n}\n'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_tree(tmp_path, {"infra/main.tf": TREE, "criteria.toml": CRITERIA, "watch/sitecustomize.py": WATCH})
    return tmp_path


def asked(shop: Path, *arguments: str) -> tuple[str, str]:
    """Run the gate where the rehearsal can't be imported; return its output, and the requests it made nevertheless."""
    path = os.pathsep.join(filter(None, (str(shop / "watch"), os.environ.get("PYTHONPATH", ""))))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        (sys.executable, "-m", "prodgate.cli", *arguments),
        cwd=shop, capture_output=True, text=True, timeout=300, check=False,
        env=kept | {"PYTHONPATH": path, "ASKED": str(shop / "asked"), "AWS_EC2_METADATA_DISABLED": "true"},
    )  # fmt: skip
    assert done.returncode in (0, 1, 2), done.stderr
    log = shop / "asked"
    return done.stdout + done.stderr, log.read_text() if log.exists() else ""


def test_check_needs_nothing_of_it(shop: Path) -> None:
    said, names = asked(shop, "check", "infra")
    assert "for what infra declares" in said
    assert names == ""


@pytest.mark.slow
def test_a_run_on_a_real_account_needs_nothing_of_it(shop: Path) -> None:
    said, names = asked(
        shop, "run", "aws://eu-west-1", "--only", "static,live,load"
    )  # a page of a real site is not opened here
    assert "credentials: there are none" in said
    assert names == ""


def test_a_rehearsal_asks_for_it(shop: Path) -> None:
    _, names = asked(shop, "run", "rehearsal://", "--only", "live")
    assert "prodgate.rehearsal" in names


def test_one_module_imports_it() -> None:
    graph = grimp.build_graph("prodgate", cache_dir=None)
    inside = {"prodgate.rehearsal", *graph.find_descendants("prodgate.rehearsal")}
    doors = {door for name in inside for door in graph.find_modules_that_directly_import(name)} - inside
    assert doors == {"prodgate.layers.rehearsal"}


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prodgate.rehearsal.stack", None)
    monkeypatch.delattr("prodgate.rehearsal.stack", raising=False)
    with pytest.raises(Unreadable, match=r"is not installed; write: pip install 'prod-gate\[core,rehearsal\]'"):
        load_rehearsal()
