"""The contents of a run on disk in evidence.md and runs.md, and verification without us, on a sealed run."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.snippets.blocks import Block, list_run_by

from .sealed import COMMIT, NIGHTLY, make_run, pem, seal

pytestmark = pytest.mark.once


LISTING, VERIFIER, BY_HAND = list_run_by(__file__, "docs/evidence.md")
RUN, CHAIN = list_run_by(__file__, "docs/runs.md")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seal(make_run(tmp_path_factory.mktemp("shown")))


@pytest.fixture
def run(sealed: Path, tmp_path: Path) -> Path:
    """A sealed run of its own, with its signer's key beside it, for the commands in the pages."""
    copy = tmp_path / sealed.name
    shutil.copytree(sealed, copy)
    (tmp_path / "nightly.pub").write_text(pem(NIGHTLY), "utf-8")
    return copy


def give(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def bash(block: Block, folder: Path) -> subprocess.CompletedProcess[str]:
    return give(["bash", "-e", "-o", "pipefail", "-c", block.text], folder)


def spoil(run: Path) -> None:
    """Change a word of the journal, as somebody who wants another verdict would."""
    text = (run / "journal.jsonl").read_text("utf-8")
    (run / "journal.jsonl").write_text(text.replace("backup-retention", "backup-detention", 1), "utf-8")


def test_every_file_that_is_listed_is_in_a_run(sealed: Path) -> None:
    for block in (LISTING, RUN):
        named = [each for line in block.text.splitlines()[1:] for each in re.findall(r"(?<!\S)[a-z]+[./][\w.]*", line)]
        files = [each for each in named if each not in ("runs.md,", "evidence.md", "runs.md")]
        assert len(files) >= 3
        missing = [each for each in files if not (sealed / each).exists()]
        assert set(missing) <= {"seal.tsr", "seal.sigstore.json", "summary.sigstore.json"}, (
            "which only a run has for which they were asked"
        )


def test_by_hand_a_sealed_run_is_whole_and_signed(run: Path) -> None:
    done = bash(BY_HAND, run)
    assert (done.returncode, done.stdout) == (0, "Signature Verified Successfully\n"), done.stderr


def test_by_hand_a_changed_run_is_not(run: Path) -> None:
    (run / "evidence" / "of nobody").touch()
    assert "UNLISTED: evidence/of nobody\n" in bash(BY_HAND, run).stdout
    spoil(run)
    done = bash(BY_HAND, run)
    assert done.returncode
    assert "journal.jsonl: FAILED" in done.stdout


def test_the_verifier_of_another_hand_is_given_what_the_page_says(run: Path) -> None:
    program, verifier, key, _, option, shortened, *rest = VERIFIER.text.split()
    assert (program, option, shortened) == ("python3", "--commit", "c0ffee…")
    for name in (verifier, "derive.py"):
        shutil.copyfile(run / name, run.parent / name)
    for commit in (COMMIT, "e" * 40):
        done = give([sys.executable, verifier, key, run.name, option, commit, *rest], run.parent)
        assert (done.returncode == 0) is (commit == COMMIT), done.stdout + done.stderr


def test_the_chain_of_a_journal_is_followed_in_seven_lines(run: Path) -> None:
    def follow() -> str:
        return give([sys.executable, "-W", "ignore::ResourceWarning", "-c", CHAIN.text], run).stdout

    assert re.fullmatch(r"[0-9a-f]{64}\n", follow())
    spoil(run)
    assert follow().startswith("CHANGED: ")
