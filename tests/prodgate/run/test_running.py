"""Whole runs as a user starts them: their output, their end if something dies or does not end, and their
observations judged again."""

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from prodgate.criteria import UsageError
from prodgate.evidence import artifacts, runs
from prodgate.evidence.journal import Journal
from prodgate.findings import Outcome
from prodgate.run.children import read_limit
from prodgate.verdict import Decision
from tests.trees import write_tree

from .small_shop import CRITERIA, POLICY, TREE, ask_people, gate, only_run


@pytest.mark.slow
def test_a_sound_declaration_is_go_for_its_layer_and_no_promotion(shop: Path) -> None:
    done = gate(shop, "run", "--only", "static")
    assert "not a promotion verdict" in done.stdout
    run = runs.read(only_run(shop))
    verdict = run.verdict()
    assert (verdict.decision, verdict.promotes) == (Decision.GO, False)
    (plan,) = run.facts_of("static", "configuration")
    assert {finding.check: finding.evidence for finding in run.findings} == dict.fromkeys(
        ("terraform", "SHOP_1"), (plan["digest"],)
    )
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_what_nobody_has_recorded_is_no_go(shop: Path) -> None:
    ask_people(shop)
    done = gate(shop, "run", "--only", "static,attested", ends=1)
    assert "no attestations/terraform-evaluates.toml" in done.stdout
    assert "prodgate attest terraform-evaluates" in done.stdout


@pytest.mark.slow
def test_an_edit_flips_it_to_no_go_with_file_and_line(shop: Path) -> None:
    (shop / "infra" / "main.tf").write_text(TREE.replace("1209600", "60"))
    done = gate(shop, "run", "--only", "static", "--json", ends=1)
    (found,) = (f for f in json.loads(done.stdout)["findings"] if f["outcome"] == "not-satisfied")
    assert (found["file"], found["line"], found["policy"]) == ("infra/main.tf", 4, "SHOP_1")
    assert (found["expected"], found["observed"]) == (">= 4 d", "60 s")


def run_apart(shop: Path, flags: str, change: str) -> str:
    """Run the gate in namespaces of its own that were changed, and verify what it left; the exit codes and the output."""
    unshare = ("unshare", flags, "sh", "-c")
    for needed in ("unshare", "ip"):
        if not shutil.which(needed):
            pytest.skip(f"no {needed} here")
    if subprocess.run((*unshare, change), cwd=shop, capture_output=True, check=False).returncode:
        pytest.skip("namespaces of a user are not allowed here")
    script = f"""
        {change}
        "$0" -m prodgate.cli run --only static --runs small; echo "run $?"
        "$0" -m prodgate.cli verify small/*/; echo "verify $?"
    """
    command = (*unshare, script, sys.executable)
    done = subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=400, check=True)
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("size", ["16k", "64k", "128k"])
def test_a_disk_that_is_full_is_said_and_leaves_nothing_that_verifies(shop: Path, size: str) -> None:
    """While the journal is written, the report, and the Japanese one."""
    said = run_apart(shop, "-rm", f"mkdir -p small; mount -t tmpfs -o size={size} tmpfs small")
    assert "run 3\n" in said, said
    assert "No space left on device; no verdict" in said
    assert "verify 4\n" in said
    assert "NOT AUTHENTIC" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "change"),
    [
        ("-rm", "mount -t tmpfs -o ro tmpfs /dev/shm"),
        ("-rn", "ip link set lo up; ip address delete 127.0.0.1/8 dev lo"),
    ],
    ids=["no /dev/shm", "IPv6 alone"],
)
def test_declarations_are_judged_on_a_poor_machine(shop: Path, flags: str, change: str) -> None:
    assert "run 0\n" in run_apart(shop, flags, change)


def test_a_pytest_plugin_that_happens_to_be_installed_judges_nothing(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = shop / "installed"
    write_tree(
        installed,
        {
            "meddling-1.0.dist-info/METADATA": "Name: meddling\nVersion: 1.0\n",
            "meddling-1.0.dist-info/entry_points.txt": "[pytest11]\nmeddling = meddling\n",
            "meddling.py": "def pytest_runtest_call(item):\n    raise SystemExit(9)\n",
        },
    )
    monkeypatch.setenv("PYTHONPATH", str(installed), prepend=os.pathsep)
    gate(shop, "run", "--only", "static")


def test_options_of_the_projects_own_tests_do_not_reach_the_judging(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing_like_it")
    (shop / "infra" / "main.tf").write_text(TREE.replace("1209600", "60"))
    gate(shop, "run", "--only", "static", ends=1)


@pytest.mark.parametrize(
    ("file", "text", "code", "said"),
    [
        ("infra/main.tf", "resource {\n", 1, "infra/main.tf:1: "),
        ("infra/main.tf", "", 2, "holds no Terraform files"),
        (
            "policies/shop.py",
            POLICY.replace("criterion.require(", "1 / 0\n    criterion.require("),
            2,
            "SHOP_1 failed: ZeroDivisionError",
        ),
        ("policies/shop.py", "def broken(:\n", 4, "shop.py: can't be loaded: SyntaxError"),
        pytest.param(
            "policies/more.py", "1 / 0\n", 2, "more.py: can't be loaded: ZeroDivisionError", marks=pytest.mark.slow
        ),
        (
            "policies/shop.py",
            POLICY.replace('"queue-retention"', '"queue-retenton"'),
            4,
            "no criterion 'queue-retenton'; did you mean 'queue-retention'?",
        ),
    ],
    ids=[
        "broken Terraform",
        "no Terraform",
        "a policy raises",
        "no Python",
        "nobody can tell the judges",
        "no criterion",
    ],
)
def test_what_is_wrong_with_a_project_is_said_in_one_line(
    shop: Path, file: str, text: str, code: int, said: str
) -> None:
    (shop / file).unlink(missing_ok=True)
    write_tree(shop, {file: text} if text else {})
    done = gate(shop, "run", "--only", "static", ends=code)
    assert said in " ".join((done.stderr if code == 4 else done.stdout).split())
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_one_wrong_import_makes_what_is_written_in_that_file_undetermined(shop: Path) -> None:
    policies = shop / "policies"
    (policies / "wrong.py").write_text(POLICY.replace("SHOP_1", "SHOP_2") + "\nfrom prodgate import Critreion\n")
    done = gate(shop, "run", "--only", "static", "--json", ends=2)
    findings = {f["policy"]: f for f in json.loads(done.stdout)["findings"]}
    assert findings["SHOP_1"]["outcome"] == "satisfied"
    assert findings["SHOP_2"]["outcome"] == "undetermined"
    assert "wrong.py: can't be loaded: ImportError: cannot import name 'Critreion'" in findings["SHOP_2"]["reason"]


def test_a_run_directory_that_cannot_be_made_is_one_line(shop: Path) -> None:
    done = gate(shop, "run", "--runs", "criteria.toml", ends=4)
    assert "criteria.toml: cannot hold a run: Not a directory; name another folder with --runs" in done.stderr


# ── A run's observations are judged again, as a user does it


@pytest.mark.slow
def test_facts_are_judged_again_by_other_criteria(shop: Path) -> None:
    gate(shop, "observe", "--only", "static", ends=2)
    observed = only_run(shop)
    (shop / "infra" / "main.tf").write_text("this is not read again")
    gate(shop, "judge", str(observed))
    (shop / "criteria.toml").write_text(CRITERIA.replace(">= 4 d", ">= 30 d"), "utf-8")
    gate(shop, "judge", str(observed), "--json", ends=1)
    assert len(list((shop / "runs").iterdir())) == 3


@pytest.mark.slow
def test_the_account_of_a_rehearsal_is_applied_for_layers_that_observe_it_and_for_no_others(shop: Path) -> None:
    text = (shop / "criteria.toml").read_text("utf-8")
    (shop / "criteria.toml").write_text(text.replace('X-2"\nlayers = ["static"]', 'X-2"\nlayers = ["live"]'), "utf-8")
    gate(shop, "observe", "--only", "live", ends=2)
    observed = only_run(shop)
    assert "rehearsal: applying infra: 1 of 1" in (observed / "logs" / "account.txt").read_text()
    assert "live: looking at account" in (observed / "logs" / "live.txt").read_text()
    gate(shop, "judge", str(observed), ends=None)
    gate(shop, "observe", "--only", "static", ends=2)
    assert [file.parent.parent for file in (shop / "runs").glob("*/logs/account.txt")] == [observed]


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_evidence_that_is_not_whole_is_not_judged_again(shop: Path, damage: str) -> None:
    gate(shop, "observe", "--only", "static", ends=2)
    observed = only_run(shop)
    for file in (observed / "evidence").glob("*.json.gz"):
        file.unlink() if damage == "missing" else file.write_bytes(b"something else")
    done = gate(shop, "judge", str(observed), ends=4)
    assert f"{damage.upper()}: evidence/" in done.stderr
    assert "Traceback" not in done.stderr
    assert only_run(shop) == observed


@pytest.mark.slow
def test_a_syntax_error_that_was_observed_is_no_go_when_it_is_judged(shop: Path) -> None:
    (shop / "infra" / "main.tf").write_text("resource {\n")
    gate(shop, "observe", "--only", "static", ends=2)
    observed = only_run(shop)
    (shop / "infra" / "main.tf").write_text(TREE)
    assert "infra/main.tf:1: " in gate(shop, "judge", str(observed), ends=1).stdout


@pytest.mark.slow
def test_facts_of_a_layer_that_was_not_observed_to_its_end_are_not_judged_again(shop: Path) -> None:
    gate(shop, "observe", "--only", "static", ends=2)
    whole = runs.read(only_run(shop))
    cut = runs.create(shop / "runs", whole.about, shop / "criteria.toml", shop / "waivers.toml")
    for fact in whole.facts:
        artifacts.store(cut, artifacts.load(whole.path, fact["digest"]), ".json.gz")
        Journal.of(cut).write("fact", **{key: value for key, value in fact.items() if key not in ("event", "at")})
    runs.close(cut)
    gate(shop, "judge", str(whole.path))
    said = " ".join(gate(shop, "judge", str(cut), ends=2).stdout.split())
    assert f"run {cut.name} did not observe the static layer to the end; observe again" in said


@pytest.mark.slow
def test_judging_again_misses_no_layer_that_nobody_asks_and_each_that_is_asked_now(shop: Path) -> None:
    gate(shop, "observe", ends=2)
    (observed := only_run(shop)).rename(shop / observed.name)
    gate(shop, "judge", observed.name)
    again = only_run(shop)
    assert not [line for line in (again / "journal.jsonl").read_text("utf-8").splitlines() if '"broken"' in line]
    (shop / "criteria.toml").write_text(CRITERIA.replace('["static"]', '["static", "live"]', 1), "utf-8")
    done = gate(shop, "judge", observed.name, ends=2)
    assert f"run {observed.name} did not observe the live layer to the end" in " ".join(done.stdout.split())


@pytest.mark.slow
def test_what_changed_since_the_last_run_is_said(shop: Path) -> None:
    gate(shop, "run", "--only", "static")
    (shop / "infra" / "main.tf").write_text(TREE.replace("1209600", "60"))
    assert "queue-retention" in gate(shop, "run", "--only", "static", "--compare", ends=1).stdout.split("✘")[0]


# ── Runs in which something dies, or does not end

WAITS = "while not Path('go-on').exists():\n        time.sleep(0.05)"
#: No other thread of the process runs meanwhile.
HOLDS = "__import__('re').match('(a+)+$', 'a' * 60 + 'b')"


Start = Callable[..., tuple[subprocess.Popen[str], Path]]


@pytest.fixture
def start(shop: Path) -> Iterator[Start]:
    """A function that starts a run whose policy stays; it returns the run with its directory once the policy has begun.

    In the end the test kills the processes that the run left.
    """
    with ExitStack() as ended:

        def start(stays: str = WAITS) -> tuple[subprocess.Popen[str], Path]:
            path = shop / "policies" / "shop.py"
            path.write_text(POLICY.replace("criterion.require(", f"{stays}\n    criterion.require("))
            command = [sys.executable, "-m", "prodgate.cli", "run", "--only", "static"]
            process = ended.enter_context(
                subprocess.Popen(
                    command,
                    cwd=shop,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    start_new_session=True,
                )
            )
            ended.callback(process.kill)
            deadline = time.monotonic() + 240
            while time.monotonic() < deadline:
                for journal in (shop / "runs").glob("*/journal.jsonl"):
                    if "SHOP_1" in journal.read_text().partition('"started", ')[2]:
                        return process, journal.parent
                select.select([], [], [], 0.05)
            raise AssertionError("the policy did not begin")

        yield start


def children(process: int) -> list[int]:
    """The processes of the session that a run started, by what /proc says of the layer's parent."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process:
            found.append(int(status.parent.name))
    return found


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 120
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        select.select([], [], [], 0.05)
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGTERM)])
def test_a_run_that_is_ended_keeps_what_was_found_and_is_insufficient(
    start: Start, ending: tuple[signal.Signals, ...]
) -> None:
    process, run = start()
    layer = children(process.pid)
    for each in ending:  # like a CI runner, which asks twice
        os.kill(process.pid, each)
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 2
    assert "INSUFFICIENT EVIDENCE" in out
    assert gone(layer)
    assert (run / "report.html").exists()
    assert any(f.outcome is Outcome.UNDETERMINED for f in runs.read(run).findings)


@pytest.mark.slow
def test_a_layer_that_is_killed_is_undetermined_and_the_run_goes_on(start: Start) -> None:
    process, run = start()
    (layer,) = children(process.pid)
    os.kill(layer, signal.SIGKILL)
    out, _ = process.communicate(timeout=240)
    assert process.returncode == 2
    assert "the static layer died of SIGKILL; see logs/static.txt" in " ".join(out.split())
    assert "static: judging" in (run / "logs" / "static.txt").read_text()


@pytest.mark.slow
def test_a_layer_that_does_not_end_is_undetermined_and_leaves_no_process(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRODGATE_LAYER_TIMEOUT", "15")
    path = shop / "policies" / "shop.py"
    stops = (
        "print('judge', os.getpid(), file=sys.stderr)\n    os.kill(os.getpid(), signal.SIGSTOP)\n    criterion.require("
    )
    path.write_text(
        POLICY.replace("criterion.require(", stops).replace("import time", "import os\nimport signal\nimport sys")
    )
    said = " ".join(gate(shop, "run", "--only", "static", ends=2).stdout.split())
    assert re.search(
        "the static layer did not end within 15 s; set PRODGATE_LAYER_TIMEOUT|did not answer within 15 s", said
    )
    (log,) = (shop / "runs").glob("*/logs/static.txt")
    if stopped := re.search(r"judge (\d+)", log.read_text()):  # it had begun to judge, and heeds no signal
        assert gone([int(stopped[1])])


@pytest.mark.parametrize("stated", ["soon", "0", "-1", "inf", "nan"])
def test_a_limit_that_is_no_number_of_seconds_is_a_mistake(monkeypatch: pytest.MonkeyPatch, stated: str) -> None:
    monkeypatch.setenv("PRODGATE_LAYER_TIMEOUT", stated)
    with pytest.raises(UsageError, match=f"PRODGATE_LAYER_TIMEOUT: '{stated}' is not a number of seconds; write 3600"):
        read_limit()


def test_a_limit_that_is_a_mistake_ends_the_run_before_it_begins(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRODGATE_LAYER_TIMEOUT", "soon")
    done = gate(shop, "run", "--only", "static", ends=4)
    assert "PRODGATE_LAYER_TIMEOUT: 'soon' is not a number of seconds; write 3600" in done.stderr
    assert not (shop / "runs").exists()


@pytest.mark.slow
@pytest.mark.parametrize("stays", [WAITS, HOLDS])
def test_a_run_that_is_killed_still_yields_a_report_and_leaves_no_process(shop: Path, start: Start, stays: str) -> None:
    process, run = start(stays)
    layer = children(process.pid)
    assert layer
    process.kill()
    process.communicate(timeout=240)
    assert gone(layer)
    assert "cut off" in gate(shop, "report", str(run), ends=2).stdout
    assert (run / "report.html").exists()
