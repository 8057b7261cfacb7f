"""The production Terraform's own tests and formatting, run by real core without network or credentials."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from prodgate.processes.child import Completed
from prodgate.terraform.runner import StandIn, find_engine, prepare_environment, run, stand_in

TERRAFORM = Path(__file__).parents[2] / "terraform"
TESTED = sorted(path.parent.parent.relative_to(TERRAFORM) for path in TERRAFORM.rglob("*.tftest.hcl"))
pytestmark = [pytest.mark.once, pytest.mark.xdist_group("production")]

LOCAL = 'terraform {\n  backend "local" {}\n}\n'
#: Seconds that one command of core may take.
LIMIT = 240.0


class Workplace:
    """A copy of the tree beside a running stand-in provider."""

    def __init__(self, tree: Path, provider: StandIn, settings: dict[str, str]) -> None:
        self.tree, self.settings = tree, {**settings, "TF_REATTACH_PROVIDERS": provider.reattach}

    def core(self, root: Path, *arguments: str) -> Completed:
        command = (*find_engine(os.environ).start(self.tree.parent, LIMIT), *arguments)
        settings = {**self.settings, "TF_DATA_DIR": str(self.tree.parent / "data" / root)}
        return run(command, cwd=self.tree / root, environment=settings, limit=LIMIT)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    scratch = tmp_path_factory.mktemp("terraform")
    tree = scratch / "terraform"
    shutil.copytree(TERRAFORM, tree, ignore=shutil.ignore_patterns(".terraform*"))
    (tree / "environments" / "prod" / "zz_local_override.tf").write_text(LOCAL)
    settings = prepare_environment(os.environ, scratch)
    with stand_in(scratch, settings) as provider:
        yield Workplace(tree, provider, settings)


def test_the_tree_is_formatted(workplace: Workplace) -> None:
    done = workplace.core(Path(), "fmt", "-check", "-recursive", "-diff")
    assert done.code == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("root", TESTED, ids=str)
def test_its_own_tests_pass(workplace: Workplace, root: Path) -> None:
    started = workplace.core(root, "init", "-input=false", "-no-color")
    assert started.code == 0, started.stdout + started.stderr
    done = workplace.core(root, "test", "-no-color")
    assert done.code == 0, done.stdout + done.stderr
    count = re.search(r"Success! (\d+) passed, 0 failed", done.stdout)
    assert count is not None, done.stdout
    assert int(count[1]) > 0


def test_every_variable_says_what_it_is_and_every_output_too() -> None:
    for path in TERRAFORM.rglob("*.tf"):
        for block in re.finditer(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', path.read_text("utf-8"), re.M | re.S):
            assert "description" in block[3], f"{path.relative_to(TERRAFORM)}: {block[1]} {block[2]}"
            assert block[1] == "output" or re.search(r"^\s+type\s+=", block[3], re.M), f"{path}: {block[2]}"
