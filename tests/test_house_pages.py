"""Texts that a report's pages compose, rather than take from a module, are all in Japanese as well, and no others."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
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
from prodgate.report.catalogue import Message, translate
from prodgate.report.diff.comparison import describe_conditions, find_hindrances
from prodgate.terraform.policy import SENSITIVE

from .prodgate.report.samples import criterion, run

#: Arguments whose texts a finding shows, also a single word.
_SHOWN: Final = ("expected", "observed", "held", "reason", "remedy")
#: Calls whose arguments a finding shows.
_CONCLUDE: Final = ("not_applicable", "undetermined", "only_production", "Unresolved")
_PROSE: Final = re.compile(r"[a-z,;:)\0'] [a-z(\0]")
#: A brace of a text itself, or fields of which one follows at once on another.
_FIELD: Final = re.compile(r"\{\{|\}\}|(?:\{\w*\})+")


def without_names(message: str) -> str:
    """Return a message with its fields as they are, whatever their names; two without a word between them are one.

    >>> without_names("{names} of {{x}}{more}{rest} or ${{{key}}}")
    '{} of {{x}}{} or ${{{}}}'
    """
    return _FIELD.sub(lambda found: found[0] if found[0] in ("{{", "}}") else "{}", message)


def list_texts(source: str) -> Iterator[str]:
    """Yield the texts of a module that are prose, or one word that a finding shows, as messages without names."""
    tree = ast.parse(source)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "exclude":
            _open_fields(call)
    nodes = [*ast.walk(tree)]
    aside = {*_docstrings(nodes), *_pieces(nodes)}
    shown = {node for call in nodes if isinstance(call, ast.Call) for node in _shown(call)}
    for node in nodes:
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and node not in aside:
            text, parts = _message(node)
            word = node in shown and re.fullmatch("[a-z]{3,}", text)
            own = re.search("[a-z]{2}", "\0".join(parts))
            if not {"\\", "\n"} & {*text} and (word or (own and _PROSE.search("\0".join(parts)))):
                yield text
                yield from _turned(node)


def texts_of(*paths: Path) -> dict[str, str]:
    """Return the texts of modules and folders, and in which file each stands; examples are what others may write."""
    found = (each for path in paths for each in (sorted(path.rglob("*.py")) if path.is_dir() else [path]))
    files = (path for path in found if "examples" not in path.parts)
    return {text: f"{path.name}" for path in files for text in list_texts(path.read_text("utf-8"))}


def stated_in(paths: Iterable[Path]) -> dict[str, str]:
    """Return the texts of files of criteria that a report shows beside the statements, and in which file each stands."""
    found = {}
    for path in paths:
        read = tomllib.loads(path.read_text("utf-8"))
        told = [each.get(key, "") for each in read.get("criteria", {}).values() for key in ("why", "remedy")]
        told += [each["asks"] for each in read.get("requirements", {}).values()]
        found.update({text.replace("{", "{{").replace("}", "}}"): path.name for text in told if text})
    return found


def named_in(path: Path) -> dict[str, str]:
    """Return the names of ways to the rights of another, as a finding shows them: alone, with whose they are, of what kind."""
    table = tomllib.loads(path.read_text("utf-8"))
    ways, entries = table["path"], table["entry"]
    things = {str(way[key]) for way in ways for key in ("kind", "needs") if key in way}
    names = [text for way in ways for text in (way["name"], f"{way['name']} ({{}})")]
    names += [f"{'an' if each[0] in 'aeiou' else 'a'} {each}" for each in sorted(things)]
    names += [re.sub(r"\{\w+\}", "{}", text) for one in entries for text in (one["name"], one.get("doubt")) if text]
    return dict.fromkeys(names, path.name)


def excused_in(path: Path) -> dict[str, str]:
    """Return why checks of an engine do not apply, as the table of its checks states it."""
    table = tomllib.loads(path.read_text("utf-8"))
    excused = [*table["unreliable"].values(), *table["local-modules"].values()]
    return dict.fromkeys([*excused, *(each["reason"] for each in table["silence"])], path.name)


def filled(text: str) -> str:
    """Return a text whose fields are filled by a call of ``format``, with these fields.

    >>> filled("{{}} is not {{!r}}")
    '{} is not {}'
    """
    return re.sub(r"\{\{(!r)?\}\}", "{}", text)


def _message(node: ast.Constant | ast.JoinedStr) -> tuple[str, list[str]]:
    parts = [""]
    for part in node.values if isinstance(node, ast.JoinedStr) else [node]:
        if isinstance(part, ast.FormattedValue):
            parts.append("")
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            parts[-1] += part.value
    return without_names("{}".join(part.replace("{", "{{").replace("}", "}}") for part in parts)), parts


def _open_fields(call: ast.Call) -> None:
    """Make ``{}`` of what ``exclude`` observes the field that it is, as if the fault were written there."""
    for keyword in call.keywords:
        if keyword.arg == "observed":
            stated = keyword.value.values if isinstance(keyword.value, ast.JoinedStr) else [keyword.value]
            keyword.value = ast.JoinedStr([piece for part in stated for piece in _split(part)])


def _split(part: ast.expr) -> Iterator[ast.expr]:
    for number, text in enumerate(str(part.value).split("{}") if isinstance(part, ast.Constant) else ()):
        yield from [ast.FormattedValue(ast.Name("fault"), -1)] if number else []
        yield ast.Constant(text)
    if not isinstance(part, ast.Constant):
        yield part


def _turned(node: ast.Constant | ast.JoinedStr) -> Iterator[str]:
    """Yield a text as it is where one of its fields, ``{n or 'no'}``, holds a word, which may turn it."""
    for place, part in enumerate(node.values if isinstance(node, ast.JoinedStr) else ()):
        value = getattr(part, "value", None)
        said = value.values[-1] if isinstance(value, ast.BoolOp) else getattr(value, "orelse", None)
        if isinstance(said, ast.Constant) and re.fullmatch("[a-z]+", str(said.value)):
            yield _message(ast.JoinedStr([*node.values[:place], said, *node.values[place + 1 :]]))[0]


def _docstrings(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield docstrings, and what the reference page says of keys."""
    for node in nodes:
        if isinstance(node, ast.keyword) and node.arg in ("meaning", "example"):
            yield node.value
        name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        yield from node.args[name != "_word" :] if name in ("key", "_key", "_word", "_texts") else ()
        for stated in getattr(node, "body", []) if isinstance(getattr(node, "body", None), list) else []:
            if isinstance(stated, ast.Expr):
                yield stated.value


def _pieces(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield what is part of a text with fields: its literals, and how its values are written."""
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield from (part for part in node.values if isinstance(part, ast.Constant))
            for part in node.values:
                if isinstance(part, ast.FormattedValue) and part.format_spec:
                    yield from ast.walk(part.format_spec)


def _shown(call: ast.Call) -> Iterator[ast.AST]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    values = [keyword.value for keyword in call.keywords if keyword.arg in _SHOWN]
    for value in (*values, *(call.args if name in _CONCLUDE else ())):
        yield from ast.walk(value)


ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src" / "prodgate"
CHECKOV = SOURCES / "engines" / "checkov_criteria.toml"
SITE = ("api", "application", "database", "defects", "logs", "pages", "readers")
TABLES = ("dags", "e2e", "evidence", "fields", "goals", "load", "rollout", "targets")
JUDGEMENT = (
    "criteria",
    "verdict",
    "waivers",
    "findings",
    "estimates",
    "judgement",
    "checks",
    "faults",
    "quantities",
    "redaction",
)
#: Of src/prodgate, from what no words of ours come into a page of a run -> what it is; every other text has a message.
WITHOUT_WORDS = {
    "__init__.py": "a docstring",
    "cli.py": "the terminal",
    "commands": "the terminal, before a run and after it",
    "dag_files/guesses.py": "the terminal",
    "engines/setup.py": "the terminal",
    "testing.py": "for the tests of a team",
    "statistics.py": "numbers alone",
    "report": "the pages themselves, whose words are in catalogue.toml and pages.toml",
    "rehearsal/__main__.py": "the terminal",
    "rehearsal/airflow/sources.py": "a source of news",
    "rehearsal/certificates.py": "a certificate",
    "rehearsal/edge.py": "what CloudFront and AWS WAF say",
    "rehearsal/emulator": "what AWS says",
    "rehearsal/provider": "a provider, whose words Terraform repeats",
    "rehearsal/proxy.py": "a proxy, whose words botocore repeats",
    "rehearsal/rollout/controller.py": "what CodeDeploy and ECS say",
    "rehearsal/rollout/proxy.py": "what HAProxy is told, and what a load balancer says",
    "rehearsal/seed.py": "what AWS says of the past",
    "rehearsal/site/__main__.py": "the terminal",
    **{f"rehearsal/site/{name}.py": "a site, its API and its log" for name in SITE},
    **{f"sections/{name}.py": "mistakes of a criteria file, which stop a run before it has a page" for name in TABLES},
    "terraform/examples.py": "the terminal",
    "terraform/provider/__main__.py": "the terminal",
    "terraform/provider/utility_providers.py": "schemas",
    "terraform/provider/wire.py": "schemas",
}


def speaking(name: str) -> list[Path]:
    """Return the modules of a folder, or the module, from which words of ours may come into a page."""
    path = SOURCES / name
    found = path.rglob("*.py") if path.is_dir() else [path]
    return sorted(
        file
        for file in found
        if not {str(each.relative_to(SOURCES)) for each in (file, *file.parents[: -len(SOURCES.parents)])}
        & {*WITHOUT_WORDS}
    )


FOLDERS = (
    "facts", "layers", "semantics", "dags", "probes", "load", "aws", "migrations", "evidence", "airflow", "browser",
    "canaries", "collected", "dag_files", "drills", "engines", "processes", "rehearsal", "run", "sections", "terraform",
)  # fmt: skip
#: File of messages -> the texts that have one, each with its place; what is in an earlier file is not said again.
WHOLE = {
    "criteria": stated_in(
        [*sorted((ROOT / "criteria").glob("*.toml")), ROOT / "criteria.toml", SOURCES / "sections" / "permissions.toml"]
    ),
    "policies": texts_of(ROOT / "policies"),
    "suites": texts_of(ROOT / "suites"),
    "journeys": texts_of(ROOT / "e2e") | texts_of(ROOT / "loadtests"),
    "judgement": texts_of(*(SOURCES / f"{name}.py" for name in JUDGEMENT)),
    "checkov": texts_of(SOURCES / "engines" / "checkov_findings.py") | excused_in(CHECKOV),
    "iam": texts_of(SOURCES / "iam") | named_in(SOURCES / "iam" / "paths.toml"),
    "sealing": texts_of(SOURCES / "sealing") | texts_of(SOURCES / "signatures"),
    **{name: texts_of(*speaking(name)) for name in FOLDERS},
}
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


def test_every_module_has_messages_or_says_nothing_on_a_page() -> None:
    spoken = {*FOLDERS, "iam", "sealing", "signatures", *(f"{name}.py" for name in JUDGEMENT)}
    modules = {path.relative_to(SOURCES).parts[0] for path in SOURCES.rglob("*.py")}
    assert modules == spoken | {name for name in WITHOUT_WORDS if "/" not in name}
    assert all((SOURCES / name).exists() for name in WITHOUT_WORDS)


@pytest.mark.translations
@pytest.mark.parametrize("name", WHOLE)
def test_every_text_of_ours_has_a_message(name: str) -> None:
    missing = {text: place for text, place in WHOLE[name].items() if not KNOWN.keys() & {text, filled(text)}}
    assert not missing, f"add them to src/prodgate/report/messages/ja/{name}.toml"


@cache
def aside() -> Mapping[str, str]:
    """Return the texts of the modules without words: what one of them raises may be a reason all the same."""
    return texts_of(*(SOURCES / name for name in WITHOUT_WORDS))


@pytest.mark.translations
@pytest.mark.parametrize("name", WHOLE)
def test_no_message_is_left_of_a_text_that_went(name: str) -> None:
    texts = {each for text in (*WHOLE[name], *aside()) for each in (text, filled(text))}
    assert not [english for english, file in KNOWN.items() if file == name and english not in texts]


REPORT: Final = SOURCES / "report"
#: Of src/prodgate/report, what no Japanese page shows -> what it is.
ENGLISH: Final = {
    "summary.py": "GitHub and the terminal",
    "notice.py": "a chat",
    "formats": "machines",
}
#: Texts that hold no words of a language, or only stop whoever calls a function wrongly.
SILENT: Final = {
    "+{} px", "; evidence/", "reason", "a change has neither a before nor an after",
    "applicability some-subjects", "applicability where-present", "needs production",
}  # fmt: skip
#: Texts of modules that pages share with the terminal, GitHub and an index; no Japanese page shows them.
SHARED: Final = {
    # pages.py: markup, and what browsers are told
    '<span class="esc">{{}}</span>',
    "default-src 'none'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
    # grouping.py: the verdict in one line, for the terminal, notices and GitHub
    "layers without criteria: {}",
    "not a promotion verdict",
    "questions: none",
    "questions: {}",
    "{} only production can answer",
    # diff/comparison.py: a comparison on the terminal and on GitHub
    "  and {} more",
    "- and {} more",
    "Nothing changed.",
    "nothing changed",
    "verdict: {} -> {}",
    "verdict: {}, as before",
    # the same: what fails otherwise than before, on the terminal
    "did not hold at {} either, with {}; see whether this is worse",
    # history.py: lines of an index
    "texts are expected",
}
#: What is sampled, of which a measured value says how many.
UNITS: Final = ("requests", "slots", "runs", "tries", "writes", "deploys")


def modules() -> list[Path]:
    names = {path: path.relative_to(REPORT) for path in sorted(REPORT.rglob("*.py"))}
    return [path for path, name in names.items() if not {str(each) for each in (name, *name.parents)} & {*ENGLISH}]


@cache
def patterns() -> tuple[re.Pattern[str], ...]:
    """Return how the texts of all modules read, whatever stands in their fields."""
    texts = {each for found in (*WHOLE.values(), aside()) for text in found for each in (text, filled(text))}
    texts |= {*texts_of(REPORT)}
    return tuple(pattern(text) for text in texts if re.search("[a-z]{2}", text.replace("{}", "")))


def pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("{}")), re.DOTALL)


def test_every_module_of_the_report_is_read_or_shows_nothing_in_japanese() -> None:
    assert all((REPORT / name).exists() for name in ENGLISH)
    assert len(modules()) >= 18


@pytest.mark.translations
@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(REPORT)))
def test_every_text_of_the_pages_has_a_message(path: Path) -> None:
    texts = {text for text in texts_of(path) if not {text, filled(text)} & KNOWN.keys() and text not in SILENT | SHARED}
    parts = {text for text in texts if any(pattern(f"{{}}{text}{{}}").fullmatch(known) for known in KNOWN)}
    assert not texts - parts, "add them to src/prodgate/report/messages/ja/pages.toml"


def differing() -> Iterator[tuple[Run, Run]]:
    """Yield two runs that differ in every text, and each beside one without the text."""
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
    yield from ("criterion Z1: Z2 -> Z3", "requirement Z1: Z2 -> Z3", "waiver Z1: Z2 -> Z3")


def made_up() -> list[str]:
    return [*conditions(), *figures(), *goals(), *others()]


@pytest.mark.translations
def test_what_is_made_of_parts_is_said_in_japanese() -> None:
    """A name that was put in stands there still; no other word of English does."""
    names = r"[a-z_]+-[12]|20[\dTZ-]+-\w+|administrator|load|static|platform|processors"
    left = {text for text in made_up() if re.search("[a-z]{3}", re.sub(names, "", translate(text, "ja")))}
    assert not left, "add them to src/prodgate/report/messages/ja/pages.toml or wholes.toml"


@pytest.mark.translations
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
