"""Reading criteria.toml and what it includes: all of it is validated, and every mistake is one line of the message."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any, Final

from ..criteria import (
    LAYERS,
    PLACEHOLDER,
    PROMOTING,
    PROMOTION,
    SEVERITIES,
    Criteria,
    CriteriaError,
    Criterion,
    UsageError,
    suggest,
)
from ..iam.account import Organization
from ..quantities import UNITS, Bound, Quantity, UnitError
from ..semantics.names import says_nothing
from . import fields
from .attested import ATTESTED, TERM_KEYS, AttestedSection, terms_mistakes
from .dags import AirflowSection, SlotObjects, SlotTable, airflow_mistakes, parse_airflow_section
from .e2e import E2E, REHEARSAL, SITE, E2eSection, RehearsalSection, SiteSection
from .evidence import EVIDENCE, EvidenceSection
from .fields import GREATEST, LONGEST, Key, Kind, is_text_list, parse_quantity, quantity_mistakes
from .goals import GOAL_KEYS, ORGANIZATION, goals_mistakes
from .includes import is_inherited, is_written_out, merge, read_files
from .load import LOAD, LOAD_KEYS, LoadSection, load_terms_mistakes
from .rollout import ROLLOUT, RolloutSection, rollout_mistakes
from .targets import Cell, cells_mistakes, parse_cells
from .toml_text import key_mistakes, render_mistakes

# ── Sections besides the criteria

SECTIONS: Final = (
    "system", "include", "extends", "terraform", "account", "cells", "repository", "facts", "evidence", "load",
    "airflow", "dags", "e2e", "rollout", "rehearsal", "site", "attested", "organization", "without",
    "requirements", "criteria",
)  # fmt: skip
#: Where a file states nothing: facts of a month, and what people attested for a quarter.
_MAX_AGE: Final = {**dict.fromkeys(LAYERS, Quantity.days(30)), "attested": Quantity.days(90)}
#: An availability zone of a region.
_ZONE: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d[a-z]")


def _texts(write: str, meaning: str, holds: Callable[[list[str]], bool] = lambda _: True) -> Key:
    kind = fields.plain(
        lambda value: is_text_list(value) and holds(value), write, type="array", items={"type": "string"}
    )
    return Key(kind=kind, meaning=meaning, usual=[])


_ROOT: Final = fields.text("the path of the root module as a text", lambda _: True)
TERRAFORM: Final = fields.table(
    dict[str, Any],
    '[terraform] with root = "path/to/root"',
    {
        "root": Key(kind=_ROOT, meaning="The folder or `plan.json` that is judged.", usual=""),
        "source": Key(kind=_ROOT, meaning="The root that was planned, where a plan is judged.", usual=""),
        "var_files": _texts("a list of paths", "Files with values of variables."),
    },
    wrong="is not a table",
)
ACCOUNT: Final = fields.table(
    dict[str, Any],
    '[account] with id = "123456789012"',
    {
        "id": Key(
            kind=fields.text('twelve digits in quotes, e.g. "123456789012"', re.compile(r"\d{12}").fullmatch),
            meaning="The account, twelve digits.",
            example='"123456789012"',
        ),
        "exempt": _texts(
            'a list of names or ARNs, e.g. ["other-system-*"]', "Names and ARNs of resources that belong to others."
        ),
        "zones": _texts(
            'the availability zones, each once, e.g. ["eu-west-1a", "eu-west-1b"]',
            "The availability zones that it may use.",
            lambda zones: all(map(_ZONE.fullmatch, zones)) and len({*zones}) == len(zones),
        ),
    },
)
REPOSITORY: Final = fields.table(
    dict[str, Any],
    '[repository] with exempt = ["tests/*"]',
    {"exempt": _texts('a list of patterns, e.g. ["tests/*"]', "Files that hold made-up credentials on purpose.")},
)
_AGES: Final = fields.table(
    dict[str, Quantity],
    '{ static = "7 d", live = "1 d" }',
    {
        layer: Key(kind=fields.quantity("time", "1 d"), meaning="", usual=f"{age.base / 86400:f} d")
        for layer, age in _MAX_AGE.items()
    },
)
FACTS: Final = fields.table(
    dict[str, Any],
    '[facts] with max_age = { static = "7 d", live = "1 d" }',
    {"max_age": Key(kind=_AGES, meaning="The greatest age of observations when they are judged, by layer.", usual={})},
)
_SAID: Final = fields.text("a text that says something", lambda value: not says_nothing(value))
_UNASKED: Final = fields.many(
    fields.table(
        dict[str, str],
        '{ check = "PG_REC_5", reason = "…" }',
        {
            "check": Key(
                kind=_SAID,
                meaning="The policy or check, or a check of Checkov's, as findings name it.",
                example='"PG_REC_5"',
            ),
            "reason": Key(
                kind=_SAID, meaning="Why it is not asked, and who says so.", example='"Kato: it is a cache."'
            ),
        },
    ),
    'without = [{ check = "PG_REC_5", reason = "…" }]',
    place="[{}]",
)


def _unasked_mistakes(where: str, value: Any) -> Iterator[str]:
    mistakes = [*_UNASKED.find(where, value)]
    yield from mistakes or list_mistakes(where, [each["check"] for each in value])


WITHOUT: Final = replace(
    _UNASKED, find=_unasked_mistakes, read=lambda value: {each["check"]: each["reason"] for each in value}
)
#: The tables that become the field of a criteria file with their name.
_FIELDS: Final = ("evidence", "load", "e2e", "rehearsal", "site", "attested", "organization", "without")
#: The sections that are tables of fields and stand alone.
TABLES: Final[Mapping[str, Kind[Any]]] = {
    "terraform": TERRAFORM,
    "account": ACCOUNT,
    "repository": REPOSITORY,
    "facts": FACTS,
    "evidence": EVIDENCE,
    "load": LOAD,
    "e2e": E2E,
    "rehearsal": REHEARSAL,
    "site": SITE,
    "attested": ATTESTED,
    "organization": ORGANIZATION,
    "without": WITHOUT,
}


def section_mistakes(data: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with each section but the criteria's own tables."""
    for key in data:
        if key not in SECTIONS:
            yield f"{key}: is not a section{suggest(key, SECTIONS) or '; sections are ' + ', '.join(SECTIONS)}"
    if not isinstance(data.get("system"), str):
        yield 'system: names no system; write e.g. system = "nba-news"'
    for name in (each for each in TABLES if each in data):
        yield from TABLES[name].find(name, data[name])
    yield from cells_mistakes(data["cells"]) if "cells" in data else ()
    yield from airflow_mistakes(data)
    yield from rollout_mistakes(data["rollout"], data.get("load")) if "rollout" in data else ()
    if not isinstance(data.get("criteria"), dict) or not data["criteria"]:
        yield "criteria: holds no criterion; write at least one [criteria.<id>]"


# ── Statements, in one language or two

#: Placeholder of a statement -> the key that states its number.
PLACEHOLDERS: Final = {
    "limit": "require",
    **{key: key for key in ("window", "samples", "population", "confidence", *LOAD_KEYS, "attested_by")},
}
_WORDS: Final = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|"
    "nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?"
)
_WORD: Final = rf"(?<!\bno )\b(?:{_WORDS})\b(?!-factor)"
_FIGURE: Final = r"(?<![A-Za-z\d])[$€¥]?\d[\d,.]*"
_TIME: Final = r"(?:minute|hour|day|night|week|fortnight|month|quarter|year|decade)s?\b(?!-)"
_UNIT: Final = (
    rf"(?:{_TIME}|(?:%|ms|millisecond|sec|second|min|hr|per ?cent|[kmgt]i?b|byte|acu|usd|eur|jpy|dollar|euro|yen|rps|"
    r"time|fold)s?(?![A-Za-z])|[shdbx](?![A-Za-z])|/s)"
)
_KANJI: Final = "二三四五六七八九十百千万億"
_UNIT_JA: Final = r"(?:年|[かカヶヵケ箇]月|週|日(?!曜)|時間|分|ミリ秒|秒|%|パーセント(?!イル)|倍|割|円|ドル)"
#: A number with its unit, or what compares; it is a quantity wherever it stands.
_QUANTITY: Final = re.compile(
    rf"{_FIGURE}[\s-]*{_UNIT}|{_FIGURE}\s*{_UNIT_JA}|(?:{_WORD}|\bone|\bhalf(?: an?)?)[\s-]+{_UNIT}"
    rf"|(?:(?<=\ban)|(?<=\ba)) {_TIME}|\b(?:last|past|previous|preceding|next) (?:second\b(?! )|{_TIME})"
    r"|\ban? (?:half|third|fourth|fifth|tenth|hundredth) of\b"
    rf"|\b(?:least|most|than|exactly|within|under|over|below|above|up to) (?:{_FIGURE}|{_WORD}|zero\b|a second\b)"
    r"|\b(?:least|most|than|exactly) (?:one|once|twice|hourly|daily|nightly|weekly|monthly|yearly)\b"
    rf"|(?<![同統単第])(?!十分(?!間|以))[〇一半{_KANJI}]+\s*{_UNIT_JA}"
    rf"|(?<!第)[{_KANJI}]\s*(?:人|名|件|台|個|回|つ|種類|段階)",
    re.IGNORECASE,
)
_MORE: Final = r"v?\d[\d.]*\+?(?:\s*(?:,|、|/|\bor\b|\band\b|\bto\b|と|または|および|から)\s*v?\d[\d.]*\+?)*"
#: Names that hold a number.
_NAME: Final = re.compile(
    r"`[^`]*`|(?<![A-Za-z_])[A-Za-z_]+[-._/]?\d[A-Za-z0-9_.-]*|(?<!\d)\d+(?:(?:st|nd|rd|th|xx|[A-Z]{2,})\b|\s*パーセンタイル)|第\s*\d+"
    r"|(?:(?<=[^.!?。:;]\s)[A-Z][A-Za-z]*|(?<=[^\x00-\x7f])[A-Z][A-Za-z]*|(?<![A-Za-z])(?=[A-Za-z]*[A-Z]{2})[A-Za-z]+"
    rf"|\b[Rr]oute|\b[Pp]orts?|\b[Vv]ersions?|\b[Ll]evels?|ポート|バージョン)\s*{_MORE}"
    rf"|\b(?:answers?|returns?|status) (?=[1-5]\d\d\b){_MORE}|\b(?=[1-5]\d\d\b){_MORE}\s*(?:を返|で応答)"
)
_NUMBER: Final = re.compile(rf"{_FIGURE}|{_WORD}", re.IGNORECASE)
#: How a statement compares with its limit -> how bounds begin that compare the other way.
_TURNED: Final = (
    (r"(?:at least|no less than|no fewer than) \{limit\}|\{limit\}[^.、。]{0,12}(?:or more|or longer|以上)", "<"),
    (
        r"(?:at most|no more than|no longer than) \{limit\}|\{limit\}[^.、。]{0,12}(?:or less|or fewer|以下|以内|未満)",
        ">",
    ),
)
#: Turns what a statement compares into its contrary.
_NEGATED: Final = re.compile(
    r"\b(?:not?|none|nobody|nothing|never|without)\b(?! (?:more|less|fewer|longer))|n't|ない|せず"
)
#: Denies all, so that a bound which admits some makes it untrue.
_NONE: Final = re.compile(r"\b(?:no|none|nobody|nothing|never|zero)\b|一切|一つも|ゼロ", re.IGNORECASE)


def find_number(text: str, *, names: bool = True) -> str:
    """Return the first number that a text states itself, in figures or in words; empty when there is none.

    Without ``names``, only a number with a unit and one that is compared with.
    """
    plain = unicodedata.normalize("NFKC", PLACEHOLDER.sub("…", text))
    found = _QUANTITY.search(plain) or (_NUMBER.search(_NAME.sub(" ", plain)) if names else None)
    return found[0] if found else ""


def read_statement(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a statement by language; one that is a text is in English."""
    stated: str | dict[str, Any] = table["statement"]
    return {"en": stated} if isinstance(stated, str) else stated


def statement_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Say that a statement says nothing, is in a language that reports lack, or has a number that is not stated."""
    statement = read_statement(table)
    texts = list(statement.values())
    if not set(statement) <= {"en", "ja"} or not is_text_list(texts) or any(map(says_nothing, texts or [""])):
        said = ", ".join(statement) or "nothing"
        yield f'{where}.statement: has {said}; write a text, or {{ en = "…", ja = "…" }}'
        return
    for found in sorted({found for text in texts for found in PLACEHOLDER.findall(text)}):
        if (key := PLACEHOLDERS.get(found, "statement")) not in table:
            yield f"{where}.statement: has '{{{found}}}', and no {key} is stated; state it, or take it out"
    if isinstance(table.get("baseline"), str) and not all("{limit}" in text for text in texts):
        yield f"{where}.statement: lacks '{{limit}}', and baseline asks for another number; write it for the number"


def wording_mistakes(where: str, table: Mapping[str, Any], bounds: Iterable[Bound]) -> Iterator[str]:
    """Say which numbers a statement or a remedy has of its own, and which words ask for something else than a bound."""
    texts = list(read_statement(table).values())
    for text in texts:
        for unknown in sorted(set(PLACEHOLDER.findall(text)) - set(PLACEHOLDERS)):
            hint = suggest(unknown, PLACEHOLDERS) or f"; placeholders are {', '.join(PLACEHOLDERS)}"
            yield f"{where}.statement: has '{{{unknown}}}', which stands for no number{hint}"
        if number := find_number(text):
            known = " or ".join(f"'{{{name}}}'" for name, key in PLACEHOLDERS.items() if key in table)
            instead = f"write {known} for a number that the criterion states" if known else "state it in require"
            yield (
                f"{where}.statement: has {number!r}, a number of its own; {instead}, or leave it out, "
                "and put a name that holds a number in `…`"
            )
    if (remedied := find_number(table.get("remedy", ""), names=False)) and "require" in table:
        yield (
            f"{where}.remedy: has {remedied!r}, which is untrue once require is another; leave it out, "
            "reports give the bound beside it"
        )
    for bound, text in product(bounds, texts):
        relaxed = bound.limit is not None and bound.limit.base and bound.comparator.startswith("<")
        plain = unicodedata.normalize("NFKC", text)
        turned = () if _NEGATED.search(plain) else (words for words, way in _TURNED if bound.comparator.startswith(way))
        said = [re.search(words, plain, re.IGNORECASE) for words in turned]
        said += [_NONE.search(plain)] if relaxed and "{limit}" not in plain else []
        written = [each for each in bound.texts if re.search(r"\d", each) and each in plain]
        for words in (*(found[0] for found in said if found), *written):
            yield f"{where}.statement: says {words!r}, and {bound} is asked; write '{{limit}}', in words that agree"


# ── Bounds and quantities that exclude something

#: The least confidence: with less, the ends of an interval pass each other; and the greatest that can be computed.
_CONFIDENCE: Final = (Decimal("0.5"), Decimal("0.999999"))
_REFERENCE: Final = re.compile(r"\{([^{}]*)\}")

#: Keys of a criterion that state how much must be observed, with the dimension and an example of each.
SAMPLING: Final = {
    "confidence": ("ratio", "95 %"),
    "window": ("time", "30 d"),
}
#: Key of a criterion -> the field that its bound becomes.
_BOUNDS: Final = {"require": "bound", "baseline": "baseline_bound"}


def parse_bound(text: str, tables: Mapping[str, Any]) -> Bound:
    """Parse a bound whose limit may be another criterion's: ``<= {latency-p95}``. Raises UnitError."""

    def limit(match: re.Match[str]) -> str:
        other = tables.get(match[1])
        if not isinstance(other, dict) or not isinstance(other.get("require"), str) or "{" in other["require"]:
            raise UnitError(f"{match[0]} names no criterion that states a limit{suggest(match[1], tables)}")
        return str(Bound.parse(other["require"]).limit)

    return Bound.parse(_REFERENCE.sub(limit, text))


def parse_bounds(table: Mapping[str, Any], tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bounds of a criterion: its own, and the baseline's."""
    stated = {name: table.get(key) for key, name in _BOUNDS.items()}
    return {name: parse_bound(text, tables) for name, text in stated.items() if isinstance(text, str)}


def sampling_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with of how much a criterion is decided."""
    if "confidence" in table:
        yield from confidence_mistakes(f"{where}.confidence", table["confidence"])
    for key, (dimension, example) in SAMPLING.items():
        if key in table and key != "confidence":
            yield from quantity_mistakes(f"{where}.{key}", table[key], dimension, example)


def bounds_mistakes(where: str, table: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with the bounds of a criterion."""
    for key in _BOUNDS:
        if isinstance(table.get(key), str):
            yield from bound_mistakes(f"{where}.{key}", table[key], lambda text: parse_bound(text, tables))


def bound_mistakes(where: str, text: str, parse: Callable[[str], Bound]) -> Iterator[str]:
    """Say why a text is no bound, or one that nothing or everything satisfies."""
    if len(text) > LONGEST:
        yield f"{where}: is {len(text):,} characters long; write e.g. '< 200 ms'"
        return
    try:
        bound = parse(text)
    except UnitError as error:
        yield f"{where}: {error}"
        return
    if wrong := _describe_bound(bound):
        yield f"{where}: is {text!r}; {wrong}"


def _describe_bound(bound: Bound) -> str:
    """Say what is wrong with a bound, and what to write instead; nothing when something can keep and break it."""
    if bound.limit is None:
        return _describe_texts(bound.texts)
    limit, kind = bound.limit.base, bound.dimension
    most, named = GREATEST[kind], f"a {kind}"
    greatest = (
        Quantity.of(100, "%")
        if kind == "ratio"
        else Quantity.of(most / UNITS[bound.limit.unit][1].normalize(), bound.limit.unit)
    )
    if limit < 0 or (bound.comparator == "<" and limit == 0):
        held = "everything" if bound.comparator in (">", ">=") else "nothing"
        return f"{held} satisfies that, since {named} is not negative; write a limit above 0"
    if bound.comparator == ">=" and limit == 0:
        return f"everything satisfies that, since {named} is not negative; write a limit above 0, or '> 0'"
    reached = limit == most and (bound.comparator == ">" or kind != "ratio")
    if limit > most or reached:
        held = "everything" if bound.comparator in ("<", "<=") else "nothing"
        return f"{held} satisfies that; write a limit {'of at most' if kind == 'ratio' else 'below'} {greatest}"
    return ""


def _describe_texts(texts: tuple[str, ...]) -> str:
    if blank := [each for each in texts if says_nothing(each) and each.casefold() not in ("none", "null")]:
        return f"{blank[0]!r} is no text that anything has; write e.g. \"== 'mw1.medium'\""
    return "names a text twice; write each once" if len(set(texts)) < len(texts) else ""


def confidence_mistakes(where: str, text: str) -> Iterator[str]:
    """Say why a text is no confidence."""
    quantity, mistakes = parse_quantity(where, text, "ratio", "95 %")
    yield from mistakes
    if quantity and not _CONFIDENCE[0] <= quantity.base <= _CONFIDENCE[1]:
        yield f"{where}: is {text!r}; write at least 50 % and at most 99.9999 %, e.g. '95 %'"


#: Key of a criterion -> the layers that read it, where not every layer does.
_READ_BY: Final = {
    "window": ("live", "load", "e2e", "dags", "rollout"),
    "needs": tuple(layer for layer in LAYERS if layer != "static"),
    **dict.fromkeys(LOAD_KEYS, ("load",)),
}
#: Key of a criterion -> the key and, where it has a choice, the value of it without which it changes nothing.
_RESTS_ON: Final = {
    "confidence": ("decides", "bound"),
    "samples": ("require", ""),
    "disturbances": ("confidence", ""),
}


def idle_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Say which keys change nothing as the others are."""
    for key, layers in _READ_BY.items():
        if key in table and not {*layers}.intersection(table["layers"]):
            yield f"{where}.{key}: changes nothing, as only {', '.join(layers)} read it; add such a layer, or drop it"
    for key, (other, value) in _RESTS_ON.items():
        if key in table and (other not in table or (value and table[other] != value)):
            lacking = f"{other} = {value!r}" if value else other
            yield f"{where}.{key}: changes nothing without {lacking}; write that, too, or drop this key"


def deciding_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Say what a criterion lacks if the interval of the observed value decides it."""
    if table.get("decides") != "bound":
        return
    if "confidence" not in table:
        yield f"{where}.confidence: is missing; decides = 'bound' needs e.g. confidence = '95 %'"
    if not re.match(r"\s*[<>]", table.get("require", "")):
        yield f"{where}.decides: is 'bound'; require a limit that orders, e.g. '< 200 ms', or write decides = 'point'"


def text_mistakes(where: str, text: str, example: str) -> Iterator[str]:
    """Say that a text tells a reader nothing."""
    if says_nothing(text):
        yield f"{where}: is {text!r}, which says nothing; write {example}"


def list_mistakes(where: str, values: Any) -> Iterator[str]:
    """Say why a value is no list of texts that each say something, once."""
    if not is_text_list(values):
        yield f"{where}: is {values!r}; write a list of texts"
        return
    if blank := [each for each in values if says_nothing(each)]:
        yield f"{where}: {blank[0]!r} says nothing; take it out"
    if twice := sorted({each for each in values if values.count(each) > 1}):
        yield f"{where}: names {twice[0]!r} twice; write each once"


# ── Requirements and their layers


@dataclass(frozen=True, slots=True)
class Requirement:
    """A line of the requirements that criteria stand for, and the layers that must answer it."""

    id: str
    asks: str
    layers: tuple[str, ...]
    bounds: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict)
    """Criterion -> the least of its numbers, by key and as they are written."""


#: What a requirement may state of a criterion -> an example of it.
_LEAST: Final[Mapping[str, str | int]] = {
    "require": "< 200 ms", "window": "30 d", "samples": 299, "population": 2, "confidence": "95 %", "decides": "bound",
    "rate": "100 /s", "disturbances": "5 s", "attested_by": 2,
}  # fmt: skip


def parse_requirements(tables: Mapping[str, Any]) -> Iterator[Requirement]:
    """Read a section that has no mistakes."""
    for id_, table in tables.items():
        yield Requirement(id_, table["asks"], tuple(table["layers"]), dict(_read_least(table.get("bounds", {}))))


def _read_least(stated: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what a requirement states of each criterion, by key; a text alone is its bound.

    A confidence is one of an interval, which then decides.
    """
    for name, each in stated.items():
        least = each if isinstance(each, dict) else {"require": each}
        yield name, {"decides": "bound", **least} if "confidence" in least else least


def requirement_mistakes(data: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with the requirements, and which criteria stand for none of them."""
    tables = data.get("requirements", {})
    if not isinstance(tables, dict):
        yield "requirements: is not a table; write [requirements] with lines such as INF-1 = { asks = …, layers = […] }"
        return
    for id_, table in tables.items():
        where = f"requirements.{id_}"
        if (
            not isinstance(table, dict)
            or {*table} - {"bounds"} != {"asks", "layers"}
            or not isinstance(table["asks"], str)
        ):
            yield f'{where}: is {table!r}; write {{ asks = "…", layers = ["static"] }}'
        else:
            yield from text_mistakes(f"{where}.asks", table["asks"], "what the line of the requirements asks for")
            yield from layer_mistakes(where, table)
            yield from _least_mistakes(f"{where}.bounds", table.get("bounds", {}))
    for id_, table in data.get("criteria", {}).items() if tables and isinstance(data.get("criteria"), dict) else ():
        source = table.get("source") if isinstance(table, dict) else None
        if isinstance(source, str) and source not in tables and not is_inherited(source):
            yield f"criteria.{id_}.source: {source!r} is not a requirement{suggest(source, tables)}"


def _least_mistakes(where: str, stated: Any) -> Iterator[str]:
    """Say what is wrong with the bounds of a requirement."""
    if not isinstance(stated, dict):
        yield f"{where}: is {stated!r}; write the bound of each criterion, e.g. {{ latency-p95 = '< 200 ms' }}"
        return
    for name, least in _read_least(stated):
        yield from key_mistakes(f"{where}.{name}", least, _LEAST)
        for key, value in ((key, least[key]) for key in _LEAST if key in least):
            place, example = f"{where}.{name}.{key}", _LEAST[key]
            if type(value) is not type(example) or (isinstance(value, int) and value < 1) or value == "point":
                yield f"{place}: is {value!r}; write e.g. {example!r}"
            elif key == "require":
                yield from bound_mistakes(place, str(value), Bound.parse)
        texts = {key: value for key, value in least.items() if isinstance(value, str)}
        yield from sampling_mistakes(f"{where}.{name}", texts)
        yield from load_terms_mistakes(f"{where}.{name}", texts)


def _take_least(requirements: Mapping[str, Any], criteria: Any) -> None:
    """Let each criterion take what a requirement states of it and it does not state itself."""
    for requirement in requirements.values():
        for name, least in _read_least(requirement.get("bounds", {})):
            if isinstance(criteria, dict) and isinstance(criteria.get(name), dict):
                criteria[name] = {**least, **criteria[name]}


def _weaker_mistakes(data: Mapping[str, Any]) -> Iterator[str]:
    """Say which criteria ask for less than a requirement states of them."""
    criteria, refused = data["criteria"], set[str]()
    for id_, requirement in data.get("requirements", {}).items():
        for name, least in _read_least(requirement.get("bounds", {})):
            if name not in criteria:
                hint = suggest(name, criteria) or "; state it, or take it out"
                yield f"requirements.{id_}.bounds: {name!r} is not a criterion{hint}"
                continue
            for key, value in least.items():
                own = criteria[name][key]
                if _is_as_strict(key, own, value, criteria):
                    continue
                if refused.isdisjoint(_REFERENCE.findall(str(own))):  # who takes a refused limit is mended with it
                    instead = f"{id_} asks for {value!r}; write that, or what is stricter"
                    yield f"criteria.{name}.{key}: is {own!r}, and {instead}"
                refused.add(name)


def _is_as_strict(key: str, own: str | int, least: str | int, tables: Mapping[str, Any]) -> bool:
    """Whether a number of a criterion asks for as much as that of its requirement."""
    if isinstance(own, int) and isinstance(least, int):
        return own >= least
    if key == "require":
        return parse_bound(str(own), tables).implies(Bound.parse(str(least)))
    if key == "decides":
        return own == least
    return Quantity.parse(str(own)).base >= Quantity.parse(str(least)).base


def layer_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with the layers and the controls of a requirement or a criterion."""
    for key in ("layers", "controls"):
        yield from list_mistakes(f"{where}.{key}", table.get(key, []))
    if not is_text_list(table["layers"]):
        return
    if not table["layers"]:
        yield f"{where}.layers: is empty; name the layers that must answer: {', '.join(LAYERS)}"
    for layer in table["layers"]:
        if layer not in LAYERS:
            hint = suggest(str(layer), LAYERS) or f"; layers are {', '.join(LAYERS)}"
            yield f"{where}.layers: {layer!r} is not a layer{hint}"


#: Keys of a criterion that one layer alone reads, with the types of each.
LAYER_KEYS: Final[Mapping[str, tuple[type, ...]]] = {**LOAD_KEYS, **TERM_KEYS, **GOAL_KEYS}
KEYS: dict[str, tuple[type, ...]] = {
    "statement": (dict, str), "why": (str,), "require": (str,), "remedy": (str,), "source": (str,),
    "layers": (list,), "controls": (list,), "population": (int,), "samples": (int,), "confidence": (str,),
    "decides": (str,), "window": (str,), "needs": (str,), "moment": (str,), "applicability": (str,),
    "baseline": (bool, str), "severity": (str,), "overrides": (bool,), **LAYER_KEYS,
}  # fmt: skip
#: The moments of a release that a criterion may belong to.
MOMENTS = ("before", "during", "after")
REQUIRED = ("statement", "why", "source", "layers")
CHOICES = {
    "decides": ("point", "bound"),
    "needs": ("production",),
    "severity": SEVERITIES,
    "moment": MOMENTS,
    "applicability": ("always", "some-subjects", "where-present"),
}
_TEXTS = {
    "why": "why it must hold",
    "source": "the line of the requirements that asks for it, e.g. 'OPS-2'",
    "remedy": "what to do when it does not hold",
}
#: Least and greatest of each whole number.
NUMBERS = {"population": (0, 1_000_000), "samples": (1, 1_000_000_000), "attested_by": (1, 2)}
_TYPES = {str: "a text", dict: "a table", list: "a list", int: "a whole number", bool: "true or false"}
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class CriteriaFile:
    """A criteria file: the system's name, the place of its Terraform, and its criteria."""

    path: Path
    included: tuple[str, ...] = ()
    """The files that it includes, by their paths from its folder."""
    system: str
    terraform_root: str = ""
    terraform_source: str = ""
    """The root that was planned, where a ``plan.json`` is judged."""
    var_files: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()
    """Patterns of files that hold made-up credentials on purpose, such as examples and tests."""
    account: str = ""
    """The AWS account that the system runs in, 12 digits; empty when the file names none."""
    foreign: tuple[str, ...] = ()
    """Patterns of names and ARNs in the account that are not of this system."""
    zones: tuple[str, ...] = ()
    max_age: Mapping[str, Quantity] = field(default_factory=lambda: _MAX_AGE)
    """The greatest age of the facts of each layer when they are judged."""
    cells: tuple[Cell, ...] = ()
    """The cells, observed one by one and decided about together; empty for a system of one account and region."""
    evidence: EvidenceSection = field(default_factory=EvidenceSection)
    """Whose signatures count."""
    load: LoadSection | None = None
    """How the site is put under load; None when the file does not say."""
    airflow: AirflowSection | None = None
    """Which Airflow is asked, and what its DAGs must do; None when the file does not say."""
    e2e: E2eSection | None = None
    """Which pages are opened where; None when the file does not say."""
    rollout: RolloutSection | None = None
    """How a deployment is watched; None when the file does not say."""
    rehearsal: RehearsalSection | None = None
    """Which site a rehearsal is about; None when the file does not say."""
    site: SiteSection = field(default_factory=SiteSection)
    """Whom else to trust when a site is asked, and in which networks it may be asked without TLS."""
    attested: AttestedSection = field(default_factory=AttestedSection)
    """Where the records are of what people say, and when one is due."""
    organization: Organization | None = None
    """What the account's organization denies to all of it; None when the file does not say."""
    without: Mapping[str, str] = field(default_factory=dict)
    """Policy or check that is not asked -> why not."""
    requirements: tuple[Requirement, ...] = ()
    """Empty for a team that keeps its requirements elsewhere."""
    criteria: Criteria = field(default_factory=Criteria)
    moments: Mapping[str, str] = field(default_factory=dict)
    """Criterion -> the moment of a release that it belongs to; those of no moment are left out."""

    @property
    def applied_root(self) -> str:
        """The root that a rehearsal applies; nobody can apply a plan.json."""
        return self.terraform_source or self.terraform_root

    def list_unasked(self) -> Iterator[tuple[Requirement, str]]:
        """Yield each requirement with each of its layers that no criterion answers."""
        answered = {(criterion.source, layer) for criterion in self.criteria.values() for layer in criterion.layers}
        for requirement in self.requirements:
            yield from ((requirement, layer) for layer in requirement.layers if (requirement.id, layer) not in answered)

    def require_account(self) -> str:
        """Return the account id. Raises UsageError when the file names none."""
        if not self.account:
            raise UsageError(f'{self.path}: names no account; write [account] with id = "123456789012"')
        return self.account


def load_criteria(path: Path) -> CriteriaFile:
    """Read and validate a criteria file and what it includes. Raises CriteriaError with one line per mistake."""
    text, included = read_files(path)
    return parse_criteria(text, path, included)


def parse_criteria(
    text: str, path: Path, included: Mapping[str, str] | None = None, *, kept: bool = False
) -> CriteriaFile:
    """Validate the text of a criteria file with what it includes, by name; ``path`` is only named in messages.

    What a run ``kept`` was validated by the version that made it: of it, only what can't be read is refused.
    """
    data = (merged := merge(text, path, included or {})).data
    mistakes = [*section_mistakes(data), *requirement_mistakes(data)]
    if not mistakes:
        _take_least(data.get("requirements", {}), data.get("criteria"))
    mistakes += _criterion_mistakes(data.get("criteria", {}))
    if not (mistakes or merged.mistakes or kept):
        mistakes = [each for id_ in data["criteria"] for each in _untrue_mistakes(id_, data["criteria"])]
        mistakes += _weaker_mistakes(data)
    if mistakes or merged.mistakes:
        raise CriteriaError(render_mistakes((*merged.mistakes, *map(merged.locate, mistakes))))
    tables = data["criteria"]
    sections = {name: TABLES[name].read(data[name]) for name in _FIELDS if name in data}
    sections["rollout"] = ROLLOUT.read(data["rollout"]) if "rollout" in data else None
    asked = tuple(dict.fromkeys(_list_asked(sections.get("e2e"), sections.get("load"), sections["rollout"])))
    told = {"asked": asked, "without": sections.get("without", {})}
    return CriteriaFile(
        path=path,
        included=tuple(name for name in included or () if not is_written_out(name)),
        system=data["system"],
        **_parse_places(data),
        max_age={**_MAX_AGE, **FACTS.read(data.get("facts", {})).get("max_age", {})},
        cells=parse_cells(data.get("cells", [])),
        airflow=parse_airflow_section(data["airflow"], data["dags"]) if "airflow" in data else None,
        **sections,
        requirements=tuple(parse_requirements(data.get("requirements", {}))),
        moments={id_: table["moment"] for id_, table in tables.items() if "moment" in table},
        criteria=Criteria({id_: _parse_criterion(id_, tables, told) for id_ in _order_by_requirement(data)}),
    )


def _list_asked(e2e: E2eSection | None, load: LoadSection | None, rollout: RolloutSection | None) -> Iterator[str]:
    """Yield the names that sections give the site, and the requests that its application must answer."""
    hosts, others = load.hosts if load else (), e2e.hosts if e2e else ()
    site = (e2e.base_url if e2e else "") or "".join(f"https://{host}" for host in (*others, *hosts)[:1])
    yield from (f"https://{host}" for host in hosts)
    if site:
        yield site
        written = [("POST", rollout.write), ("GET", rollout.written)] if rollout else []
        paths = [("GET", e2e.health if e2e else ""), *written]
        yield from (f"{method} {site}{path}" for method, path in paths if path)
    yield from (f"ANY https://{host}" for host in others)


def _parse_places(data: Mapping[str, Any]) -> dict[str, Any]:
    terraform, account = data.get("terraform", {}), data.get("account", {})
    return {
        **{f"terraform_{key}": terraform.get(key, "") for key in ("root", "source")},
        "var_files": tuple(terraform.get("var_files", ())),
        "exempt": tuple(data.get("repository", {}).get("exempt", ())),
        "account": account.get("id", ""),
        **{name: tuple(account.get(key, ())) for name, key in (("foreign", "exempt"), ("zones", "zones"))},
    }


def _order_by_requirement(data: Mapping[str, Any]) -> list[str]:
    """Return the criteria in the order of the requirements that they stand for, whichever file states them."""
    places = {id_: place for place, id_ in enumerate(data.get("requirements", {}))}
    return sorted(data["criteria"], key=lambda id_: places.get(data["criteria"][id_]["source"], 0))


def _criterion_mistakes(tables: Any) -> Iterator[str]:
    if not isinstance(tables, dict):
        return
    for id_, table in tables.items():
        where = f"criteria.{id_}"
        if not _ID.fullmatch(id_):
            yield f"{where}: is not a kebab-case id; write e.g. 'backup-retention'"
        if not isinstance(table, dict):
            yield f"{where}: is not a table; write [criteria.{id_}]"
            continue
        mistyped = list(_key_mistakes(where, table))
        yield from mistyped
        if not mistyped:
            yield from _value_mistakes(where, table, tables)


def _key_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    for key in REQUIRED:
        if key not in table:
            yield f"{where}.{key}: is missing; every criterion states {', '.join(REQUIRED)}"
    yield from key_mistakes(where, table, KEYS)
    for key in (each for each in table if each in KEYS):
        if not isinstance(table[key], KEYS[key]) or (isinstance(table[key], bool) and bool not in KEYS[key]):
            yield f"{where}.{key}: is {table[key]!r}; write {_TYPES[KEYS[key][0]]}"


def _value_mistakes(where: str, table: Mapping[str, Any], tables: Mapping[str, Any]) -> Iterator[str]:
    yield from statement_mistakes(where, table)
    yield from layer_mistakes(where, table)
    for key, choices in CHOICES.items():
        if table.get(key, choices[0]) not in choices:
            yield f"{where}.{key}: is {table[key]!r}; write {' or '.join(repr(choice) for choice in choices)}"
    for key, example in _TEXTS.items():
        if key in table:
            yield from text_mistakes(f"{where}.{key}", table[key], example)
    for key, (least, most) in NUMBERS.items():
        if not least <= table.get(key, least) <= most:
            yield f"{where}.{key}: is {table[key]:,}; write a number from {least} to {most:,}"
    yield from sampling_mistakes(where, table)
    yield from load_terms_mistakes(where, table)
    yield from deciding_mistakes(where, table)
    yield from terms_mistakes(where, table)
    yield from goals_mistakes(where, table)
    yield from bounds_mistakes(where, table, tables)


def _untrue_mistakes(id_: str, tables: Mapping[str, Any]) -> Iterator[str]:
    """Say what a criterion states beside what it asks: numbers and words of others, and keys without effect."""
    where, table = f"criteria.{id_}", tables[id_]
    yield from wording_mistakes(where, table, parse_bounds(table, tables).values())
    yield from idle_mistakes(where, table)


def _parse_criterion(id_: str, tables: Mapping[str, Any], told: Mapping[str, Any]) -> Criterion:
    table = tables[id_]
    statement = read_statement(table)
    quantities: dict[str, Any] = {key: Quantity.parse(table[key]) for key in SAMPLING if key in table}
    return Criterion(
        id=id_,
        wording=statement.get("en") or statement["ja"],
        wording_ja=statement.get("ja", ""),
        **{key: table[key] for key in ("why", "source")},
        layers=tuple(layer for layer in LAYERS if layer in table["layers"]),
        remedy=table.get("remedy", ""),
        controls=tuple(table.get("controls", ())),
        population=table.get("population", 1),
        samples=table.get("samples", 1),
        decides=table.get("decides", "point"),
        needs_production=table.get("needs") == "production",
        some_subjects=table["applicability"] == "some-subjects" if "applicability" in table else None,
        where_present=table.get("applicability") == "where-present",
        baseline=bool(table.get("baseline")),
        severity=table.get("severity", ""),
        **parse_bounds(table, tables),
        layer_keys={key: table[key] for key in LAYER_KEYS if key in table},
        **told,
        **quantities,
    )


# ── Buckets and secrets that the file refers to

_SECRET: Final = "secret:"  # noqa: S105  how a reference begins, and no secret


def list_secrets(stated: CriteriaFile) -> tuple[str, ...]:
    """Return the names or ARNs of the secrets that are read on a real account, sorted, each once."""
    named = (each.removeprefix(_SECRET).partition("#")[0] for each in _references(stated) if each.startswith(_SECRET))
    return tuple(sorted(set(named)))


def list_buckets(stated: CriteriaFile) -> tuple[str, ...]:
    """Return the names of the buckets whose objects are counted as what DAGs have collected, sorted, each once."""
    dags = stated.airflow.dags.values() if stated.airflow else ()
    places = (dag.data.place for dag in dags if dag.data)
    return tuple(sorted({each.prefix.split("/")[2] for each in places if isinstance(each, SlotObjects)}))


def _references(stated: CriteriaFile) -> Iterator[str]:
    if stated.e2e:
        for account in stated.e2e.credentials.values():
            yield from (account.user, account.password)
    if stated.rollout and stated.rollout.migrations:
        yield stated.rollout.migrations.database
    if stated.airflow:
        yield from (stated.airflow.username, stated.airflow.password, stated.airflow.token)
        places = (dag.data.place for dag in stated.airflow.dags.values() if dag.data)
        yield from (each.database for each in places if isinstance(each, SlotTable))


# ── The layers and the moment of a run, and the layers without a criterion

#: Layer -> the section that is for it alone; criteria with that section have not given the layer up.
_SECTIONS: Final = {"load": "load", "e2e": "e2e", "dags": "airflow", "rollout": "rollout", "attested": "attested"}
#: What such a section is where the file says nothing of it.
_UNSTATED: Final = (None, AttestedSection())


def parse_layers(only: str | None, option: str = "--only") -> frozenset[str]:
    """Read ``--only static,live``; everything when None. Raises UsageError for an unknown layer."""
    if only is None:
        return frozenset(LAYERS)
    names = [name.strip() for name in only.split(",")]
    for name in names:
        if name not in LAYERS:
            raise UsageError(f"{option}: {name!r} is not a layer; layers are {', '.join(LAYERS)}")
    return frozenset(names)


def find_undeclared(stated: CriteriaFile) -> frozenset[str]:
    """Return the layers that no criterion and no requirement names, and that have no section of their own."""
    declared = {layer for criterion in stated.criteria.values() for layer in criterion.layers}
    declared |= {layer for requirement in stated.requirements for layer in requirement.layers}
    declared |= {layer for layer, section in _SECTIONS.items() if getattr(stated, section) not in _UNSTATED}
    return frozenset(LAYERS) - declared


def refuse_unasked(only: str | None, stated: CriteriaFile) -> None:
    """Raise UsageError when ``--only`` names only layers without criteria."""
    undeclared = find_undeclared(stated)
    if only is not None and parse_layers(only) <= undeclared and undeclared != frozenset(LAYERS):
        asked = ", ".join(layer for layer in LAYERS if layer not in undeclared)
        raise UsageError(f"--only {only}: no criterion of {stated.path} asks anything of it; name one of {asked}")


# ── Moments of a release

#: Layers that judge a moment; what they rest on is observed by others.
JUDGED: Final = frozenset({"rollout", "attested"})


def narrow(stated: CriteriaFile, moment: str) -> CriteriaFile:
    """Return what is stated of a moment of a release, or of a promotion, without requirements; all without a moment."""
    if not moment:
        return stated
    asked = ("", "before") if moment == PROMOTION else (moment,)
    kept = {id_: criterion for id_, criterion in stated.criteria.items() if stated.moments.get(id_, "") in asked}
    return replace(stated, criteria=Criteria(kept), requirements=())


def require_judges(layers: frozenset[str], moment: str) -> frozenset[str]:
    """Return the requested layers that judge a moment. Raises UsageError when none is left."""
    if not moment:
        return layers
    judged = PROMOTING if moment == PROMOTION else JUDGED
    if not layers & judged:
        raise UsageError(
            f"--moment {moment}: is judged by {' and '.join(sorted(judged))}, "
            "and --only leaves all of them out; name one"
        )
    return layers & judged
