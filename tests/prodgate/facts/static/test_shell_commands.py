"""The commands of scripts as workflows have them, and which of them can fail without anybody's noticing."""

from __future__ import annotations

import time

import pytest

from prodgate.facts.static.shell_commands import read_commands


def texts(script: str, shell: str = "") -> list[str]:
    return [command.text for command in read_commands(script, shell)]


def hidden(script: str, shell: str = "") -> bool:
    """Whether a failure of ``gate`` is hidden."""
    (found,) = [command for command in read_commands(script, shell) if command.text.startswith("gate")]
    return found.hidden


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("terraform plan # terraform apply", ["terraform plan"]),
        ("echo 'terraform apply; really'", ["echo 'terraform apply; really'"]),
        ('echo "a && b | c"', ['echo "a && b | c"']),
        ("aws s3 sync \\\n  dags/ s3://b", ["aws s3 sync dags/ s3://b"]),
        ("cat <<EOF > x\nterraform apply\nEOF\nls", ["cat > x", "ls"]),
        ('jq . <<< "$x"\nls', ['jq . <<< "$x"', "ls"]),
        ("a=$(aws x --q 'p | q')", ["aws x --q 'p | q'", "a=$(…)"]),
        ("sudo A=1 timeout 5m pipx run tox -e x", ["tox -e x"]),
        ("uv run --frozen python3 -m alembic upgrade head", ["alembic upgrade head"]),
        ("npx --yes prisma migrate deploy", ["prisma migrate deploy"]),
        ("terraform apply ${{ env.A || 'b; c' }}", ["terraform apply ${{env.A·····b··c·}}"]),
        ("for x in a b; do\n  run $x\ndone", ["for x in a b", "do", "run $x", "done"]),
        ("a 2>&1 >/dev/null", ["a 2>&1 >/dev/null"]),
        ("", []),
    ],
)
def test_commands_are_told_apart(script: str, found: list[str]) -> None:
    assert texts(script) == found


@pytest.mark.parametrize(
    "script",
    [
        "gate", "set -e; gate; echo done", "gate\necho done", "echo a && gate", "gate && echo good", "cd x && gate",
        "gate || exit 1", "gate || { echo bad; exit 2; }", "if ! gate; then exit 1; fi", "x=$(gate)", "gate 2>&1",
        "for x in a; do gate $x; done", "(gate)", "set +e\nls\nset -e\ngate",
    ],
)  # fmt: skip
def test_a_failure_that_stops_the_script(script: str) -> None:
    assert not hidden(script)


@pytest.mark.parametrize(
    "script",
    [
        "gate || true", "gate || :", "gate || echo bad", "gate | tee log", "gate &", "! gate", "if gate; then ls; fi",
        "if ! gate; then echo bad; fi", "while gate; do ls; done", "set +e\ngate\nls", "set +o errexit\ngate\nls",
        "(gate; ls) || true", "{ gate; } || true", "for x in a; do gate $x; done || true", "gate && ls\nls",
        "gate && ls || true", 'echo "$(gate)"', "ls $(gate)", "gate || exit 0", "trap 'exit 0' EXIT\ngate",
        'set -e; ls\ntrap "echo bad; exit 0" ERR\ngate',
    ],
)  # fmt: skip
def test_a_failure_that_nobody_notices(script: str) -> None:
    assert hidden(script)


def test_what_the_shell_of_a_step_does_about_failures() -> None:
    assert not hidden("gate | tee log", "bash")  # GitHub adds pipefail to a shell that is named
    assert not hidden("set -o pipefail\ngate | tee log")
    assert not hidden("set -euo pipefail\ngate | tee log")
    assert hidden("set +o pipefail\ngate | tee log", "bash")
    assert hidden("set +o pipefail\ngate | tee log")
    assert not hidden("trap 'rm log' EXIT\ngate")
    assert hidden("gate\nls", "bash {0}")
    assert not hidden("gate", "bash {0}")
    assert not hidden("gate\nls", "bash -euo pipefail {0}")


@pytest.mark.parametrize("text", ["$(", "<<a\n", "a;", "'", "a && ", "(a) || ", "if ! a\n", "a || b ", "${{ ", "`"])
def test_no_script_takes_long(text: str) -> None:
    began = time.process_time()
    read_commands(text * (16 * 1024 // len(text)))
    assert time.process_time() - began < 5
