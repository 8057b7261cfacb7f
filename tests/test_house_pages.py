"""What the pages of a report make of parts, rather than of one text of a module, is said in Japanese, too, and no more."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

import pytest

from prodgate.estimates import Estimate
from prodgate.evidence.runs import Run
from prodgate.iam.goals import ADMINISTRATOR, OUTSIDE, Goal
from prodgate.quantities import Quantity
from prodgate.report.diff.conditions import describe_conditions, find_hindrances
from prodgate.report.message import Message
from prodgate.report.translation import translate
from prodgate.terraform.policy import SENSITIVE

from .judged_texts import filled, texts_of
from .prodgate.report.samples import criterion, run
from .test_house_messages import KNOWN, SOURCES, WHOLE

REPORT: Final = SOURCES / "report"
#: Of src/prodgate/report, what no Japanese page shows -> what it is.
ENGLISH: Final = {
    "terminal.py": "the terminal",
    "verdict_words.py": "the words that the terminal, notices and GitHub show; a page has its own in catalogue.toml",
    "markdown.py": "GitHub",
    "summary.py": "GitHub",
    "notice.py": "a chat",
    "verdict_json.py": "machines",
    "pages.py": "what browsers are told",
    "formats": "machines",
    "diff/text.py": "the terminal",
    "diff/markdown.py": "GitHub",
    "diff/sections.py": "the terminal; a page has its words in catalogue.toml",
    "diff/worsening.py": "the terminal",
    "history/entries.py": "an index",
}
#: Texts that hold no words of a language, or only stop whoever calls a function wrongly.
SILENT: Final = {"+{} px", "; evidence/", "reason", "a change has neither a before nor an after"}
#: What is sampled, of which a measured value says how many.
UNITS: Final = ("requests", "slots", "runs", "tries", "writes", "deploys")


def modules() -> list[Path]:
    names = {path: path.relative_to(REPORT) for path in sorted(REPORT.rglob("*.py"))}
    return [path for path, name in names.items() if not {str(each) for each in (name, *name.parents)} & {*ENGLISH}]


@cache
def patterns() -> tuple[re.Pattern[str], ...]:
    """Return how the texts of all modules read, whatever stands in their fields."""
    texts = {each for found in WHOLE.values() for text in found for each in (text, filled(text))}
    texts |= {*texts_of(REPORT)}
    return tuple(pattern(text) for text in texts if re.search("[a-z]{2}", text.replace("{}", "")))


def pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("{}")), re.DOTALL)


def test_every_module_of_the_report_is_read_or_shows_nothing_in_japanese() -> None:
    assert all((REPORT / name).exists() for name in ENGLISH)
    assert len(modules()) > 30


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(REPORT)))
def test_every_text_of_the_pages_has_a_message(path: Path) -> None:
    texts = {text for text in texts_of(path) if not {text, filled(text)} & KNOWN.keys() and text not in SILENT}
    parts = {text for text in texts if any(pattern(f"{{}}{text}{{}}").fullmatch(known) for known in KNOWN)}
    assert not texts - parts, "add them to src/prodgate/report/messages/ja/pages.toml"


def differing() -> Iterator[tuple[Run, Run]]:
    """Yield two runs that differ in all that can be said of it, and each beside one that says nothing of it."""
    made = run([criterion("c")], [], layers=("load",))
    whole = {name: f"{name}-1" for name in ("system", "target", "moment", "judged_again")}
    versions = {name: f"{name}-1" for name in ("platform", "processors", "Z9")}
    full = {**made.about, **whole, "rehearsal": True, "versions": versions, "judges": {f"J{n}": "0" for n in range(7)}}
    bare = {**made.about, "rehearsal": False, "versions": {}, "judges": {}, "system": "", "target": "", "moment": ""}
    one, none = replace(made, about=full), replace(made, about=bare, finished=None)
    other = {**full, **{name: f"{name}-2" for name in whole}, "versions": {name: f"{name}-2" for name in versions}}
    for pair in ((one, none), (one, replace(made, about={**other, "layers": ["static"]}))):
        yield from (pair, pair[::-1])


def conditions() -> Iterator[str]:
    for before, after in differing():
        yield from describe_conditions(before, after)
        yield from (reason for found in find_hindrances(before, after).values() for reason in found)


def figures() -> Iterator[str]:
    low, value, high = (Quantity.of(each, "ms") for each in ("1", "2", "3"))
    for unit in UNITS:
        made = Estimate(
            value=value, low=low, high=high, samples=9, effective=9, confidence=Quantity.of("95", "%"), of=unit
        )
        narrow = replace(made, low=value, high=value)
        for each in (made, narrow, replace(made, effective=5), replace(narrow, detail="Z9")):
            yield str(each)
        yield from (f"9 {unit}", f"9 {unit}, worth 5")  # the last part of the first


def goals() -> Iterator[str]:
    for may in (True, False):
        for spared in ((), ("Z8",)):
            for unless in (
                (),
                ((("Z7", "Z6", ("Z5",)),),),
                ((("Z7", "Z6", ("Z5",)), ("Z7", "Z4", ("Z5",))), (("Z7", "Z3", ("Z5",)),)),
            ):
                goal = Goal(
                    may=may, principals=("Z1",), spared=spared, actions=("Z2",), resources=("Z3",), unless=unless
                )
                yield from (str(goal), str(replace(goal, actions=(ADMINISTRATOR,))))
    yield from (OUTSIDE, ADMINISTRATOR)


def others() -> Iterator[str]:
    yield from ("Z1 (1 deployment)", "Z1 (1 service)", "an SQL injection", "Z1 over plain HTTP", SENSITIVE)


def made_up() -> list[str]:
    return [*conditions(), *figures(), *goals(), *others()]


def test_what_is_made_of_parts_is_said_in_japanese() -> None:
    """A name that was put in stands there still; no other word of English does."""
    names = r"[a-z_]+-[12]|20[\dTZ-]+-\w+|administrator|load|static|platform|processors"
    left = {text for text in made_up() if re.search("[a-z]{3}", re.sub(names, "", translate(text, "ja")))}
    assert not left, "add them to src/prodgate/report/messages/ja/pages.toml or wholes.toml"


@pytest.mark.parametrize("name", ["pages", "wholes"])
def test_no_message_is_left_of_what_nobody_says_any_more(name: str) -> None:
    folder = resources.files("prodgate.report").joinpath("messages", "ja")
    said = tomllib.loads(folder.joinpath(f"{name}.toml").read_text("utf-8"))
    texts = made_up()
    for english in said:
        message = Message.parse(english, said[english])
        plain = "{}".join(message.around).replace("{{", "{")
        made = english in texts or any(message.names and message.read(text) is not None for text in texts)
        assert made or any(each.fullmatch(plain) for each in patterns()), english
