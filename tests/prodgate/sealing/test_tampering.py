"""Whatever is done to a sealed run, both verifiers refuse it, and name what was done."""

from __future__ import annotations

import hashlib
import os
import runpy
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from prodgate.evidence.files import list_paths
from prodgate.signatures.keys import KeySigner

from .sealed import (
    COMMIT,
    DAY,
    EVE,
    NIGHTLY,
    OTHER_COMMIT,
    ask_gate,
    ask_other,
    load_other_verifier,
    make_run,
    pem,
    read_statement,
    seal,
    waive,
    write_envelope,
)
from .tampering import MATRIX
from .ways_to_tamper import World


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sealed runs, and the key of whoever signs."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "nightly.pub").write_text(pem(NIGHTLY))
    for name, commit in (("run", COMMIT), ("other", OTHER_COMMIT)):
        made = make_run(folder / name, commit=commit)
        seal(made)
        made.rename(folder / made.name)
        (folder / f"{name}.name").write_text(made.name)
    return folder


@pytest.fixture
def world(kept: Path, tmp_path: Path) -> World:
    run, other = ((kept / f"{name}.name").read_text() for name in ("run", "other"))
    return World(*(shutil.copytree(kept / name, tmp_path / name) for name in (run, other)))


def test_the_matrix_is_large_and_each_word_is_in_it() -> None:
    assert len(MATRIX) >= 40
    words = {case.word.partition(":")[0] for case in MATRIX.values()}
    assert words >= {"CHANGED", "MISSING", "UNLISTED", "REORDERED", "FOREIGN", "UNSIGNED", "WRONG KEY", "EXPIRED"}


def test_what_nobody_tampered_with_is_authentic(kept: Path, world: World) -> None:
    assert ask_gate(world.run) == []
    assert ask_other(world.run, kept / "nightly.pub") == []


@pytest.mark.parametrize("name", MATRIX)
def test_tampering_is_refused_and_named(kept: Path, world: World, name: str) -> None:
    case = MATRIX[name]
    case.by(world)
    for flaws in (ask_gate(world.run, case.asked), ask_other(world.run, kept / "nightly.pub", case.asked)):
        assert flaws
        assert any(flaw.startswith(case.word) for flaw in flaws), flaws


def test_a_waiver_in_force_makes_a_run_go_for_both(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    waive(tmp_path, opened=today - DAY, expires=today + DAY)
    run = make_run(tmp_path, good=False)
    seal(run)
    (tmp_path / "key").write_text(pem(NIGHTLY))
    assert ask_gate(run) == ask_other(run, tmp_path / "key") == []
    assert read_statement(run)["predicate"]["prodgate"]["verdict"] == "GO"


@pytest.mark.parametrize(("many", "most", "flaws"), [(1, 1, 0), (2, 2, 0), (2, 1, 1)])
def test_a_waiver_that_covers_more_than_it_says_is_void(many: int, most: int, flaws: int) -> None:
    waiver = {"covers": "c", "subject": "a[*]", "most": most, "opened": date(2026, 1, 1), "expires": date(2026, 1, 2)}
    found = [
        {"criterion": "c", "check": "x", "subject": f"a[{each}]", "outcome": "not-satisfied"} for each in range(many)
    ]
    other = [{**found[0], "outcome": "satisfied"}, {**found[0], "criterion": "d"}]
    started = "2026-01-02T23:59:59+00:00"
    void = runpy.run_path(str(load_other_verifier().DERIVE))["find_void"]({"w": waiver}, [*found, *other], started)
    assert len(list(void)) == flaws


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(which=st.integers(0, 10_000), at=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255))
@example(which=0, at=0.0, bits=1)
def test_no_byte_of_any_file_can_be_another(kept: Path, which: int, at: float, bits: int) -> None:
    run = kept / (kept / "run.name").read_text()
    files = [path for _, path in list_paths(run) if path.stat().st_size]  # no byte of an empty file is another one
    path = files[which % len(files)]
    data = path.read_bytes()
    place = int(at * len(data))
    try:
        path.write_bytes(data[:place] + bytes([data[place] ^ bits]) + data[place + 1 :])
        assert ask_gate(run)
        assert ask_other(run, kept / "nightly.pub")
    finally:
        path.write_bytes(data)


@pytest.mark.parametrize("name", ["seal.dsse.json", "summary.dsse.json"])
def test_no_byte_of_what_seals_can_be_another(kept: Path, name: str) -> None:
    run = kept / (kept / "run.name").read_text()
    path, data = run / name, (run / name).read_bytes()
    try:
        for place in range(0, len(data), 11):
            path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            assert ask_gate(run), place
            assert ask_other(run, kept / "nightly.pub"), place
    finally:
        path.write_bytes(data)


@pytest.mark.parametrize("sealed_by", [None, EVE])
def test_a_program_that_nobody_stands_for_is_not_run(
    kept: Path, world: World, monkeypatch: pytest.MonkeyPatch, sealed_by: KeySigner | None
) -> None:
    """Who may change the folder would say GO in it; only what is as it was signed is run."""
    other = load_other_verifier()
    monkeypatch.setattr(other, "DERIVE", world.run / "derive.py")
    assert ask_other(world.run, kept / "nightly.pub", module=other) == []
    (world.run / "derive.py").write_text("raise SystemExit(0)\n")
    if sealed_by:
        statement = read_statement(world.run)
        data = (world.run / "derive.py").read_bytes()
        (own,) = [each for each in statement["subject"] if each["name"] == "derive.py"]
        own.update(digest={"sha256": hashlib.sha256(data).hexdigest()}, annotations={"bytes": len(data)})
        write_envelope(world.run, statement, sealed_by)
    said, *_ = ask_other(world.run, kept / "nightly.pub", module=other)
    assert said.startswith("WRONG KEY: seal.dsse.json" if sealed_by else "CHANGED: derive.py")


def test_a_copy_elsewhere_is_verified_without_the_sources_of_the_gate(kept: Path, world: World, tmp_path: Path) -> None:
    elsewhere = tmp_path / "evidence of last year" / world.run.name
    shutil.copytree(world.run, elsewhere)
    shutil.copy(kept / "nightly.pub", elsewhere.parent)
    alone = "import runpy, sys; sys.modules['prodgate'] = None; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"

    def verify(*words: str) -> tuple[int, str]:
        command = [sys.executable, "-I", "-c", alone, "verify.py", "../nightly.pub", *words]
        done = subprocess.run(
            command, cwd=elsewhere, check=False, capture_output=True, text=True, env={"PATH": os.environ["PATH"]}
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    said = f"GO  shop on aws://prod@ap-northeast-1, {'c0ffee00' * 5}\n"
    assert verify() == (0, said)
    assert verify("--commit", "c0ffee00" * 5, "--max-age", "24") == (0, said)
    assert verify("--commit", "d" * 40) == (4, f"FOREIGN: about commit {'c0ffee00' * 5}, not {'d' * 40}\n")
    (elsewhere / "logs" / "static.txt").write_text("nothing happened\n")
    assert verify() == (4, "CHANGED: logs/static.txt\n")


@pytest.mark.parametrize(("about", "good", "code"), [({}, False, 1), ({"layers": ["live"]}, True, 2)])
def test_what_is_authentic_and_not_go_is_told_apart(
    tmp_path: Path, about: dict[str, object], good: bool, code: int
) -> None:
    run = make_run(tmp_path, good=good, **about)
    seal(run)
    (tmp_path / "key").write_text(pem(NIGHTLY))
    done = subprocess.run(
        [sys.executable, str(run / "verify.py"), str(tmp_path / "key"), str(run)], check=False, capture_output=True
    )
    assert (done.returncode, ask_gate(run)) == (code, [])
