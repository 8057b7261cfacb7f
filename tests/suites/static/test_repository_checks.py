"""Every check of suites/static/test_repository.py, green on a sound repository and red on one change."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from suites.static import test_repository as suite

from prodgate.facts.static import DeclaredRoot, RepositoryPart, StateBackend
from prodgate.facts.static.credentials import credential_facts, observe_credentials
from prodgate.terraform.root_module import backend_facts, observe_backend
from prodgate.testing import NotSatisfied, load_criteria

CRITERIA = load_criteria(Path(__file__).parents[3] / "criteria.toml").criteria
KEY = "-----BEGIN RSA " + "PRIVATE KEY-----"
S3 = 'terraform {\n  backend "s3" {\n    bucket       = "b"\n    encrypt      = true\n    use_lockfile = true\n  }\n}\n'


def parts(root: Path, *exempt: str) -> dict[str, RepositoryPart]:
    return {part.subject: part for part in credential_facts(observe_credentials(root, exempt))}


def backend(root: Path, text: str) -> StateBackend:
    (root / "backend.tf").write_text(text)
    (found,) = backend_facts(observe_backend(root, root))
    return found


def judge_part(part: RepositoryPart) -> None:
    suite.test_no_file_holds_a_credential(part, CRITERIA["secrets-not-in-source"])


def judge_backend(found: StateBackend) -> None:
    suite.test_the_state_is_encrypted_and_locked(found, CRITERIA["production-state-protected"])


def test_a_file_with_a_credential_is_named_with_its_line_and_without_the_credential(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "settings.py").write_text(f'"""Settings."""\n\nKEY = "{KEY}"\n')
    (tmp_path / "clean.md").write_text("nothing here")
    found = parts(tmp_path)
    judge_part(found["clean.md"])
    with pytest.raises(NotSatisfied, match="observed app/settings.py:3: a private key"):
        judge_part(found["app"])
    assert found["app"].place == "app/settings.py:3"
    assert KEY not in str(found)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AKIA" + "Q3EGRZKWV4ABCDEF", "an AWS access key id"),
        ("ghp_" + "a1B2" * 9, "a GitHub token"),
        ("xoxb-" + "1234567890-abc", "a Slack token"),
        ("sk_live_" + "0123456789abcdef", "a Stripe key"),
        ("postgres://app:" + "hunter2@db.internal/app", "a password in a URL"),
    ],
)
def test_each_form_is_recognised(tmp_path: Path, text: str, kind: str) -> None:
    (tmp_path / "file.txt").write_text(f"x\n{text}\n")
    assert parts(tmp_path)["file.txt"].credentials == (f"file.txt:2: {kind}",)


def test_what_git_ignores_and_what_is_exempt_is_not_read(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("build/\n")
    for name in ("build", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "key.pem").write_text(KEY)
    assert set(parts(tmp_path, "tests/*")) == {".gitignore"}
    assert parts(tmp_path)["tests"].credentials


def test_binary_and_missing_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"\0" + KEY.encode())
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert parts(tmp_path) == {}


def test_a_remote_backend_with_encryption_and_lock_is_sound(tmp_path: Path) -> None:
    found = backend(tmp_path, S3)
    judge_backend(found)
    assert found.place == "backend.tf:2"


@pytest.mark.parametrize(
    ("before", "after", "observed"),
    [
        (S3, "terraform {}\n", "a local file"),
        ("encrypt      = true", "encrypt      = false", "s3 without encrypt = true"),
        ("    encrypt      = true\n", "", "s3 without encrypt = true"),
        ("    use_lockfile = true\n", "", "s3 without a lock"),
    ],
)
def test_a_backend_that_protects_less_is_not(tmp_path: Path, before: str, after: str, observed: str) -> None:
    with pytest.raises(NotSatisfied, match=f"observed {observed}"):
        judge_backend(backend(tmp_path, S3.replace(before, after)))


def test_other_ways_to_lock_and_other_services_are_known(tmp_path: Path) -> None:
    judge_backend(backend(tmp_path, S3.replace("use_lockfile = true", 'dynamodb_table = "locks"')))
    judge_backend(backend(tmp_path, 'terraform {\n  cloud {\n    organization = "o"\n  }\n}\n'))


@pytest.mark.parametrize("missing", ["", *suite.PARTS])
def test_a_root_without_a_part_is_not_whole(missing: str) -> None:
    types = frozenset(type_ for part, type_ in suite.PARTS.items() if part != missing)
    root, criterion = DeclaredRoot(subject="root", types=types), CRITERIA["production-root-declared"]
    if not missing:
        suite.test_the_root_declares_the_whole_system(root, criterion)
        return
    with pytest.raises(NotSatisfied, match=f"observed without {missing}"):
        suite.test_the_root_declares_the_whole_system(root, criterion)
