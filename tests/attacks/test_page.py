"""The page of attacks follows the catalogue."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

from .catalogue import CLASSES, load

ROOT = Path(__file__).parents[2]
attacks_page: Any = importlib.import_module("scripts.attacks_page")


def test_the_page_is_of_the_catalogue_as_it_is() -> None:
    assert attacks_page.TARGET.read_text("utf-8") == attacks_page.page(), "run scripts/attacks_page.py"


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
