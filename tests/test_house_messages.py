import tomllib
from importlib import resources
from pathlib import Path

import pytest

from .judged_texts import list_texts, stated_in, texts_of, without_names

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src" / "prodgate"
FOLDERS = ("facts", "layers", "semantics", "dags", "probes")
JUDGEMENT = ("criteria", "verdict", "waivers", "findings", "estimates", "judgement")
#: File of messages -> the texts that have one, each with its place; what is in an earlier file is not said again.
WHOLE = {
    "criteria": stated_in([*sorted((ROOT / "criteria").glob("*.toml")), ROOT / "criteria.toml"]),
    "policies": texts_of(ROOT / "policies"),
    "suites": texts_of(ROOT / "suites"),
    "journeys": texts_of(ROOT / "e2e") | texts_of(ROOT / "loadtests"),
    "judgement": texts_of(*(SOURCES / f"{name}.py" for name in JUDGEMENT)),
    "checkov": texts_of(SOURCES / "engines" / "checkov_findings.py"),
    **{name: texts_of(SOURCES / name) for name in FOLDERS},
}
#: File of messages -> texts of which some have one.
PARTLY = {"terraform": texts_of(SOURCES / "terraform")}
KNOWN = {
    without_names(english): file.name.removesuffix(".toml")
    for file in resources.files("prodgate.report").joinpath("messages", "ja").iterdir()
    for english in tomllib.loads(file.read_text("utf-8"))
}
SOURCE = '''
"""A module that says nothing by this."""
PATTERN = r"[a-z] \\d"

@policy("X", remedy="Set it to {} or less.")
def name(found, criterion):
    """Neither does this."""
    criterion.hold(found, expected="a lock", observed="unprotected")
    criterion.hold(found, expected=f"{found:>9} of {len(found)} have a lock", observed=f"{found.x}.y")
    criterion.hold(found, expected=f"{found or 'no'} locks of {found.name}", observed=f"saw {found.x if found else 'none'} here")
    raise criterion.undetermined("missing", observed=found["a key"])
'''


def test_finds_what_a_judgement_can_say() -> None:
    assert set(list_texts(SOURCE)) == {
        "Set it to {{}} or less.", "a lock", "unprotected", "{} of {} have a lock", "missing", "a key",
        "{} locks of {}", "no locks of {}", "saw {} here", "saw none here", "none",
    }  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_every_text_of_ours_has_a_message(name: str) -> None:
    missing = {text: place for text, place in WHOLE[name].items() if not {text, text.replace("{{}}", "{}")} & {*KNOWN}}
    assert not missing, f"add them to src/prodgate/report/messages/ja/{name}.toml"


@pytest.mark.parametrize("name", WHOLE | PARTLY)
def test_no_message_is_left_of_a_text_that_went(name: str) -> None:
    texts = {each for text in (WHOLE | PARTLY)[name] for each in (text, text.replace("{{}}", "{}"))}
    assert not [english for english, file in KNOWN.items() if file == name and english not in texts]
