"""The catalogue is read completely, and every mistake in it is reported with its place."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from .catalogue import CLASSES, load, parse

ENTRY = {"id": "a-b", "class": 1, "does": "Somebody skips.", "exit": [1, 2], "says": "skipped"}


def test_an_entry_has_defaults() -> None:
    attack = parse(ENTRY, "plan.toml")
    assert attack.command == ("run", "rehearsal://", "--only", "static")
    assert (attack.number, attack.healthy, attack.files) == (1, False, {})


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"file": {}}, "plan.toml: a-b: unknown keys ['file']"),
        ({"class": 0}, "class 0 is none of 1 to 24"),
        ({"class": 25}, "class 25 is none of 1 to 24"),
        ({"class": True}, "class True is none of 1 to 24"),
        ({"exit": []}, "exit [] holds other codes"),
        ({"exit": [0, 1]}, "0 is never right"),
        ({"says": ""}, "is found in an empty text"),
        ({"says": ".*"}, "is found in an empty text"),
        ({"id": "A_b"}, "id 'A_b' is not kebab-case"),
        ({"does": " "}, "does is not one sentence"),
        ({"setup": "nothing_like_it"}, "'nothing_like_it' is no function of setups.py"),
        ({"files": {"../x": ""}}, "'../x' leads out of the project"),
        ({"remove": ["/x"]}, "'/x' leads out of the project"),
    ],
)
def test_a_mistake_is_said(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        parse(ENTRY | wrong, "plan.toml")


@pytest.mark.parametrize("key", list(ENTRY))
def test_what_is_missing_is_said(key: str) -> None:
    name = "number" if key == "class" else key
    with pytest.raises(ValueError, match=rf"without \['{name}'\]"):
        parse({each: value for each, value in ENTRY.items() if each != key}, "plan.toml")


def write(path: Path, *ids: str) -> None:
    path.write_text("".join(f"[[attack]]\nid='{id_}'\nclass=1\ndoes='A.'\nexit=[1]\nsays='a'\n" for id_ in ids))


def test_an_id_is_there_once(tmp_path: Path) -> None:
    write(tmp_path / "plan.toml", "a", "b")
    assert [attack.id for attack in load(tmp_path)] == ["a", "b"]
    write(tmp_path / "doubt.toml", "b")
    with pytest.raises(ValueError, match="'b' is there twice"):
        load(tmp_path)


def test_nothing_else_is_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text("attacks = []")
    with pytest.raises(ValueError, match=r"plan\.toml: holds \['attacks'\]"):
        load(tmp_path)


def test_every_class_has_words() -> None:
    assert list(CLASSES) == list(range(1, 25))


# ── The page

ROOT = Path(__file__).parents[2]
attacks_page: Any = importlib.import_module("scripts.attacks_page")


def test_the_page_has_every_attack_once() -> None:
    lines = attacks_page.page().splitlines()
    for attack in load():
        assert sum(line.startswith(f"| {attack.id} | ") for line in lines) == 1, attack.id
    for number, words in CLASSES.items():
        assert any(line.startswith(f"| {number} | {words} | ") for line in lines)


def test_the_page_of_threats_names_what_exists() -> None:
    text = (ROOT / "docs" / "threats.md").read_text("utf-8")
    named = set(re.findall(r"`([\w./]+(?:/|\.py|\.ini))`", text))
    assert named
    assert {name for name in named if not any((top / name).exists() for top in (ROOT, ROOT / "src/prodgate"))} == set()
    assert {
        int(number) for group in re.findall(r"class(?:es)? ([\d, \n]+)", text) for number in re.findall(r"\d+", group)
    } <= {attack.number for attack in load()}
