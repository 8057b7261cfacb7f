"""Whatever stands in a workflow, it is read or refused in one line that names the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prodgate.criteria import UsageError
from prodgate.facts.static.workflow_files import observe_workflows, workflow_facts
from prodgate.facts.static.workflows import Step, flatten

FILE: Final = ".github/workflows/a.yml"
ACTION: Final = ".github/actions/build/action.yml"
WORKFLOW: Final[dict[str, Any]] = {
    "name": "deploy",
    "on": {"push": {"branches": ["main"]}, "workflow_call": {"inputs": {"to": {"type": "string", "default": "prod"}}}},
    "permissions": {"contents": "read"},
    "concurrency": {"group": "deploy", "cancel-in-progress": False},
    "defaults": {"run": {"working-directory": "infra"}},
    "jobs": {
        "test": {"runs-on": "ubuntu-latest", "steps": [{"uses": "./.github/actions/build"}, {"run": "make test"}]},
        "deploy": {
            "needs": ["test"],
            "if": "always()",
            "environment": {"name": "prod"},
            "env": {"A": "b"},
            "steps": [{"name": "x", "uses": "a/b@v1", "with": {"c": "d"}, "run": "terraform apply", "shell": "bash"}],
        },
        "call": {"uses": "./.github/workflows/b.yml", "with": {"to": "prod"}, "needs": "deploy"},
    },
}
CALLED: Final = {"on": {"workflow_call": {"inputs": {"to": {"type": "string"}}}}, "jobs": {"x": {"steps": []}}}
BUILD: Final[dict[str, Any]] = {"runs": {"using": "composite", "steps": [{"run": "./build.sh", "shell": "bash"}]}}


def places(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in nested tables and lists, by the keys that lead there."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [at, *(place for key, each in items for place in places(each, (*at, key)))]


def put(data: Any, at: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of the data with another value at a place."""
    if not at:
        return value
    made = dict(data) if isinstance(data, dict) else list(data)
    made[at[0]] = put(data[at[0]], at[1:], value)
    return made


def read(texts: dict[str, str]) -> None:
    """Read workflows and ask the facts what they say; nothing but a message that names a file may be raised."""
    told, facts = "", ()
    try:
        facts = workflow_facts(texts)
    except UsageError as refused:
        told = str(refused)
    assert not told or (told.startswith(tuple(f"{file}:" for file in texts)) and "\n" not in told)
    for step in flatten(tuple(fact for fact in facts if isinstance(fact, Step))):
        assert list(step.does) is not None
        assert isinstance(step.insists, bool)


SCALARS = (
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(st.characters(exclude_categories=["Cs"]))
)
TEXTS = st.sampled_from(
    ["./", "./x", "./../x", "./.github/workflows/a.yml", "docker://", "@", "${{", "${{ inputs.to }}", "always()", "write-all", "a\nb",
     "\u202e", "x" * 300, "$(", "<<EOF", "'", "terraform apply | cat", "if true; then", "\\"]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
PLACES = [(FILE, at) for at in places(WORKFLOW)] + [(ACTION, at) for at in places(BUILD)]


@settings(max_examples=60)
@given(st.sampled_from(PLACES), VALUES)
@example((FILE, ("jobs",)), [{"steps": []}])
@example((FILE, ("jobs", "call", "uses")), "./.github/workflows/a.yml")
def test_any_value_at_any_key(place: tuple[str, tuple[Any, ...]], value: Any) -> None:
    file, at = place
    data = {FILE: WORKFLOW, ".github/workflows/b.yml": CALLED, ACTION: BUILD}
    read({name: yaml.safe_dump(put(each, at, value) if name == file else each) for name, each in data.items()})


WRITTEN: Final = yaml.safe_dump(WORKFLOW)
SPLICED = st.sampled_from(
    ["\t", "---\n", "...\n", "%YAML 1.2\n", "!!python/object/apply:os._exit [0]\n", "!!binary x", "<<: *x\n", "&x ", "*x ", "? ", "- ",
     "|\n", ">-\n", "{", "[", "\ufeff", "\x85", "#", "'", '"', "0x", "!!set {a}", "1:30:00", "2026-01-01", ".nan", "~"]
)  # fmt: skip


@settings(max_examples=100)
@given(st.integers(0, len(WRITTEN)), st.integers(0, 30), SPLICED | st.text(max_size=5))
def test_any_text_in_between(at: int, gone: int, more: str) -> None:
    read({FILE: WRITTEN[:at] + more + WRITTEN[at + gone :]})


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe",
        b"\0",
        b"on: push\xff",
        "on: push".encode("utf-16"),
        b"\xef\xbb\xbfon: push\n",
        b"on: push\r\njobs: {}\r\n",
        b"on: push\rjobs:\r  - x",
        b"a: &a\n  <<: *a\n",
        b"a: &a [*a]\n",
        b"!!python/name:os.system x: y",
        b"\t- x",
    ],
)
def test_bytes_of_a_file(tmp_path: Path, data: bytes) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "a.yml").write_bytes(data)
    told, texts = "", {FILE: ""}
    try:
        texts = dict(observe_workflows(folder))
    except UsageError as refused:
        told = str(refused)
    assert not told or (told.startswith(f"{FILE}:") and "\n" not in told)
    read(texts)
