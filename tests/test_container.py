"""The recipe of the container, without a container: what it copies suffices to build, and what it builds judges."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
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
        locked = {"--require-hashes", "--locked", "--no-deps"} & {*command}
        assert locked, " ".join(command)
    assert (ROOT / "scripts" / "bootstrap.lock").read_text("utf-8").count("==") == 1


def test_it_runs_as_nobody_in_particular() -> None:
    (user,) = said("USER")
    assert int(user.split(":")[0]) > 1000
    assert [name for name, _ in STEPS].index("USER") > [name for name, _ in STEPS].index("COPY")
