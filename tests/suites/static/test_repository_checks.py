"""Every check of suites/static/test_repository.py, green on a sound repository and red on one change."""

import subprocess
from pathlib import Path

import pytest
from suites.static import test_repository as suite

from prodgate.facts.static import DeclaredRoot, RepositoryPart, StateBackend
from prodgate.facts.static.credentials import LARGEST, credential_facts, observe_credentials
from prodgate.findings import Undetermined
from prodgate.layers.static.observing import backend_facts, observe_backend
from prodgate.testing import NotSatisfied, load_criteria
from tests.trees import write_tree

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
    write_tree(tmp_path, {"app/settings.py": f'"""Settings."""\n\nKEY = "{KEY}"\n', "clean.md": "nothing here"})
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


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("prod.tfvars", 'db_password = "hunter2"', "db_password"),
        (".github/workflows/a.yml", "env:\n  API_TOKEN: hunter2", "API_TOKEN"),
        (".github/workflows/a.yml", "env:\n  API_TOKEN: ${{ secrets.TOKEN }}", ""),
        ("air/dags/a.py", 'connect(password="hunter2")', "password"),
        ("air/dags/a.py", 'connect(password=secret["password"], token=f"{token}")', ""),
        ("air/dags/tests/a.py", 'connect(password="hunter2")', ""),
        ("app/a.py", 'connect(password="hunter2")', ""),
    ],
)
def test_where_names_are_read_the_name_of_a_secret_tells(tmp_path: Path, file: str, text: str, said: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    (found,) = parts(tmp_path).values()
    assert [each.partition(": ")[2] for each in found.credentials] == [f"the value of {said}, by its name"] * bool(said)


def test_what_git_ignores_and_what_is_exempt_is_not_read(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("build/\n")
    for name in ("build", "tests"):
        write_tree(tmp_path, {f"{name}/key.pem": KEY})
    assert set(parts(tmp_path, "tests/*")) == {".gitignore"}
    assert parts(tmp_path)["tests"].credentials


def test_of_a_link_its_name_is_read(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "key").symlink_to("AKIA" + "Q3EGRZKWV4ABCDEF")
    found = parts(tmp_path)
    assert not found["link"].credentials + found["link"].unseen
    assert found["key"].credentials == ("key:1: an AWS access key id",)


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


@pytest.mark.parametrize(
    ("key", "foreign"),
    [
        ("environments/prod/terraform.tfstate", ""),
        ("environments/staging/terraform.tfstate", "staging"),
        ("dev-2/shop.tfstate", "dev-2"),
    ],
)
def test_the_state_of_another_environment_is_not_ours(tmp_path: Path, key: str, foreign: str) -> None:
    found = backend(tmp_path, S3.replace('bucket       = "b"', f'bucket       = "b"\n    key          = "{key}"'))
    assert found.foreign == foreign
    if foreign:
        with pytest.raises(NotSatisfied, match=f"observed a state in {foreign}"):
            suite.test_the_state_is_of_the_root_itself(found, CRITERIA["production-state-protected"])
    else:
        suite.test_the_state_is_of_the_root_itself(found, CRITERIA["production-state-protected"])


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


def in_wide_characters(text: str) -> bytes:
    return text.encode("utf-16-le")


@pytest.mark.parametrize(
    "content",
    [
        KEY.encode("utf-16"),
        KEY.encode("utf-32"),
        b"\xfe\xff" + KEY.encode("utf-16-be"),
        KEY.encode("utf-8-sig"),
        in_wide_characters(f"a key: {KEY}"),
        b"x" + in_wide_characters(KEY),
        b"\0\1\2" + KEY.encode() + b"\0",
        b"\x89PNG\r\n\0\0" + KEY.encode(),
        b"\n" * 3_000_000 + KEY.encode(),
    ],
    ids=["utf-16", "utf-32", "utf-16-be", "utf-8-sig", "wide", "odd", "binary", "picture", "large"],
)
def test_a_credential_is_seen_in_every_encoding(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "settings").write_bytes(content)

    assert parts(tmp_path)["settings"].credentials


def test_what_was_not_read_is_undetermined(tmp_path: Path) -> None:
    (tmp_path / "dump").write_bytes(b"\n" * (LARGEST + 1))
    inner = tmp_path / "vendor" / "lib"
    inner.mkdir(parents=True)
    for place in (tmp_path, inner):
        subprocess.run(["git", "init", "-q", str(place)], check=True)
    who = ["git", "-C", str(inner), "-c", "user.name=x", "-c", "user.email=x@example.invalid"]
    subprocess.run([*who, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "-c", "advice.addEmbeddedRepo=false", "add", "-A"], check=True)
    found = parts(tmp_path)

    for name, why in {"dump": "has 10000001 bytes", "vendor": "vendor/lib: is a repository of its own"}.items():
        with pytest.raises(Undetermined, match=why):
            judge_part(found[name])
    assert not parts(tmp_path, "dump", "vendor/*")


def test_settings_of_git_lead_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    subprocess.run(["git", "init", "-q", str(tmp_path / "here")], check=True)
    subprocess.run(["git", "init", "-q", str(tmp_path / "there")], check=True)
    (tmp_path / "here" / "key").write_text(KEY)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "there" / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "there"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))

    assert parts(tmp_path / "here")["key"].credentials
