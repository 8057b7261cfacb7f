"""Write docs/criteria.md and docs/criteria.schema.json: the keys of criteria.toml, from the code that reads it.

python scripts/criteria_page.py            # writes both
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prodgate.criteria import LAYERS
from prodgate.sections import criteria_file
from prodgate.sections.criteria_file import CHOICES, KEYS, NUMBERS, REQUIRED, SECTIONS, parse_criteria
from prodgate.sections.dags import AIRFLOW, DAG
from prodgate.sections.fields import Kind, named
from prodgate.sections.includes import extend, list_areas
from prodgate.sections.rollout import ROLLOUT
from prodgate.sections.targets import CELLS

ROOT = Path(__file__).parents[1]
TARGET, SCHEMA = ROOT / "docs" / "criteria.md", ROOT / "docs" / "criteria.schema.json"
#: The sections that are tables of fields.
TABLES: dict[str, Kind[Any]] = {
    **criteria_file.TABLES, "cells": CELLS, "airflow": AIRFLOW, "dags": named(DAG, ""), "rollout": ROLLOUT
}  # fmt: skip
TYPES = {str: "string", dict: "object", list: "array", int: "integer", bool: "boolean"}
#: What JSON Schema's types are called here.
WORDS = {"string": "text", "object": "table", "array": "list", "integer": "whole number", "boolean": "boolean"}
#: The meaning of each key of a criterion.
MEANINGS = {
    "statement": 'The requirement: a text, or `{ en = "…", ja = "…" }`, with `{limit}` for the limit of `require`, '
    "`{window}` for `window` and so on: see below; a Japanese report shows a text without `ja` in English, marked.",
    "why": "Why it matters, for whoever has to change something because of it.",
    "require": "The bound: `< 200 ms`, `== 'text'`, `one of 'a', 'b'`, or another criterion's: `<= {latency-p95}`.",
    "remedy": "What to do when it does not hold, for policies and checks that say nothing of their own.",
    "source": "The requirement behind it: a line of `[requirements]` where there are any, else any text.",
    "layers": "The ways of finding out that must all answer.",
    "controls": "Controls of a catalogue that it serves, such as `NIST-800-53:AC-6`.",
    "population": "Least number of subjects that each layer must judge, 1 unless stated. With 0 there need be none.",
    "samples": "Least number of samples under a rate or a percentile.",
    "confidence": "Confidence of the interval of a measured value, such as `95 %`.",
    "decides": "Whether the value itself is compared, or its whole interval (`bound`, which needs a confidence).",
    "window": "Least time that must have been observed.",
    "rate": "Least load under which the bound must hold.",
    "disturbances": "Longest disturbance for which the confidence must hold under load. [load.md](load.md)",
    "needs": "`production`: a rehearsal can't answer it, says so, and goes on.",
    "moment": "The checklist of a release that it belongs to, for `--moment`.",
    "applicability": "Whether the question always arises, or may not arise for some subjects, or for a whole system. "
    "See below.",
    "baseline": "Good practice for any team, which `prodgate check` judges without a criteria file. A text is a bound "
    "that any team is asked, in place of `require`.",
    "severity": "How bad it is when it does not hold. `prodgate check` shows the worst first; this decides nothing.",
    "overrides": "Replaces the criterion of the same id that `extends` takes over.",
    "attested_by": "How many people must stand for its record.",
    "document": "The document that they must have looked at, and the headings that must have text under them.",
    "shown_by": "The layer that a gate run must have judged so that the record can cite it.",
    "goals": "Proven rights of declared principals: actions that they can do, cannot do, or use. [iam.md](iam.md)",
}
#: The purpose of each section, and the page with the details.
PURPOSES = {
    "system": "The name of the system.",
    "include": "Further files below this folder with criteria and sections; duplicates are an error.",
    "extends": "Bundled criteria that are taken over, whole or by area. See below.",
    "terraform": "The Terraform that is judged.",
    "account": "The AWS account that the system runs in. [live.md](live.md)",
    "cells": "`accounts`, `regions`, `layers` and `profile` of cells, each observed separately. [cells.md](cells.md)",
    "repository": "The files of the repository that are looked at.",
    "facts": "How old observations may be.",
    "evidence": "`signers`: whose signatures count. [evidence.md](evidence.md)",
    "load": "The load: its target and its amount. [load.md](load.md)",
    "airflow": "The Airflow that runs the DAGs. [dags.md](dags.md)",
    "dags": "When each DAG must run, and what it leaves. [dags.md](dags.md)",
    "e2e": "The site and its pages, as people meet them. [e2e.md](e2e.md)",
    "rollout": "The watch over a deployment. [rollout.md](rollout.md)",
    "site": "`ca`: a private authority; `networks`: where `http://` targets may be. [staging.md](staging.md)",
    "rehearsal": "The site of a rehearsal. [rehearsal.md](rehearsal.md)",
    "attested": "The records in which people answer. [attested.md](attested.md)",
    "organization": "The denials of the account's organization. [iam.md](iam.md#organizations)",
    "without": 'Policies and checks that are not asked: `without = [{ check = "PG_REC_5", reason = "…" }]`, above the '
    "first table. Their criterion keeps what its other judges say; reports show the reason, and that this is weaker.",
    "requirements": 'Requirements that criteria name as `source`: `INF-1 = { asks = "…", layers = ["static"] }`, with '
    "`bounds` that no criterion undercuts: see below.",
    "criteria": "What must hold: a table for each, `[criteria.<id>]`.",
}
INTRODUCTION = """# What criteria.toml may say

`scripts/criteria_page.py` writes this page from the code that reads the file; do not edit it.
[criteria.schema.json](criteria.schema.json) has the same rules for editors; an installed gate holds it as
`prodgate/bundled/criteria.schema.json`, and `prodgate init` puts a copy beside your file. Taplo (Even Better TOML)
finds it by the first line of the file, `#:schema criteria.schema.json`. The reader refuses more than the schema can
express, and reports each mistake in one line.

`prodgate init` writes a first file. The smallest one that judges anything:

```toml
system = "shop"
extends = "baseline"

[terraform]
root = "infra"
```

## Sections
"""
EXPLANATION = """
### When a question does not arise

Silence is not consent: if nothing is found that a criterion asks about, the criterion is undetermined. Three settings
say when a question need not arise.

- `applicability = "some-subjects"`: a check may say that the question does not arise for some subjects, such as a
  replica that has no backups of its own, but not for all of them.
- `applicability = "where-present"`: a check may say so of all subjects; a system that has none is not asked. Write it
  if a healthy system may have none, or if another criterion asks that there is one.
- `population = 0`: no policy or check asks that there is at least one. Without `where-present`, a criterion for which
  nothing at all is found is still undetermined.

A value that could not be observed is undetermined, whatever the criterion says. `needs = "production"` concerns only
rehearsals: the report names what a check says only production can answer, and a rehearsal does not block on it. On a
real account it blocks.

## Numbers in a statement

A statement has no number of its own: the numbers that its criterion states stand in it as `{limit}` (of `require`),
`{window}`, `{samples}`, `{population}`, `{confidence}`, `{rate}`, `{disturbances}` and `{attested_by}`, so that it is
true when they change. A number in figures or in words (`30 days`, `thirty days`, `三十日`, `the last year`, `at least
twice`) is refused, unless it belongs to a name: it is part of a word (`S3`, `p95`, `95th`, `5xx`), follows a
capitalised word, `port`, `version` or `level` (`TLS 1.2`, `ports 443 and 80`), is an HTTP status after `answers`,
`returns` or `status`, or stands in backquotes. A number with a unit is refused even there. So are words that contradict
the bound: `at least {limit}` over `<= 30 d`, or `no` over `< 5 %` without `{limit}`. A `remedy` holds no quantity where
`require` states one. A `why` may hold any number: it says how things were.

## Bounds of a requirement

A requirement may state with `bounds` the least that criteria ask for: `bounds = { latency-p95 = "< 200 ms" }`, or
`{ dag-success-rate = { require = "> 99 %", window = "30 d", samples = 30, population = 2 } }`; `confidence`, `decides`,
`rate`, `disturbances` and `attested_by` are stated in the same way. A criterion takes each of these that it does not
state itself. One that admits more, or asks for less of any of them, is refused with both values; so is a bound of a
criterion that nobody states. A stricter criterion is accepted, and so is one that takes another's limit. With a
`confidence`, the bound of the interval decides.

## Keys that change nothing

A key that can't change anything is refused: `confidence` without `decides = "bound"`, `samples` without `require`,
`disturbances` without `confidence`, and `window`, `needs`, `rate` or `disturbances` where the criterion names no layer
that reads it. So is a bound that nothing can break, such as `>= 0 d`, `<= 36500 d`, or `<= 100 %` of what a check
measures as `ratio`: a check whose ratio may be above 100 % says `measures="ratio without limit"`.

These rules, and those about numbers and bounds of a requirement, do not apply to the criteria of an earlier run.

## What `extends` takes over

`extends = "baseline"` takes over every criterion below except those of `baseline/permissions`, which need the extra
`iam` ([iam.md](iam.md#for-any-team)). `extends = ["baseline/identity"]` takes over those of one area. They are judged
in the layers static and live, with `population = 0` and `where-present`, so that nothing is asked about what a system
does not have. To restate one under the same id, write `overrides = true` and state it completely. A run keeps the
criteria that it took over, by digest.
"""


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a criteria file."""
    sections: dict[str, Any] = {name: {"type": "object", "description": PURPOSES[name]} for name in SECTIONS}
    sections |= {name: {**kind.schema, "description": PURPOSES[name]} for name, kind in TABLES.items()}
    sections["system"] = {"type": "string", "description": PURPOSES["system"]}
    sections["include"] = _list_of({"type": "string", "minLength": 1}, PURPOSES["include"])
    areas = ["baseline", *list_areas()]
    sections["extends"] = {
        "anyOf": [{"enum": areas}, _list_of({"enum": areas}, "")],
        "description": PURPOSES["extends"],
    }
    sections["criteria"] |= {
        "patternProperties": {"^[a-z0-9]+(-[a-z0-9]+)*$": _criterion()},
        "additionalProperties": False,
        "minProperties": 1,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "criteria.toml of prod-gate",
        "type": "object",
        "properties": sections,
        "required": ["system"],
        "anyOf": [{"required": [name]} for name in ("criteria", "extends", "include")],
        "additionalProperties": False,
    }


def _criterion() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {key: _key(key) for key in KEYS},
        "required": list(REQUIRED),
        "additionalProperties": False,
    }


def _key(key: str) -> dict[str, Any]:
    kinds = [TYPES[kind] for kind in KEYS[key]]
    found: dict[str, Any] = {"type": kinds[0] if len(kinds) == 1 else kinds, "description": MEANINGS[key]}
    if key in CHOICES:
        found["enum"] = list(CHOICES[key])
    if key in NUMBERS:
        found |= dict(zip(("minimum", "maximum"), NUMBERS[key], strict=True))
    if key == "layers":
        found |= {"items": {"enum": list(LAYERS)}, "minItems": 1, "uniqueItems": True}
    if key == "controls":
        found |= {"items": {"type": "string", "minLength": 1}, "uniqueItems": True}
    if key == "goals":
        found |= {"items": {"type": "object"}, "minItems": 1}
    if key == "baseline":
        found["pattern"] = "^(<=?|>=?|==|one of) "
    if key == "statement":
        found["properties"] = {each: {"type": "string"} for each in ("en", "ja")}
        found |= {"additionalProperties": False, "minLength": 1, "minProperties": 1}
    return found


def _list_of(item: dict[str, Any], description: str) -> dict[str, Any]:
    return {"type": "array", "items": item, **({"description": description} if description else {})}


def page() -> str:
    """Return the whole page."""
    lines = [INTRODUCTION, "| section | |", "| --- | --- |", *(f"| `{name}` | {PURPOSES[name]} |" for name in SECTIONS)]
    for name in (each for each in SECTIONS if each in TABLES):
        kind = TABLES[name]
        (within,) = _tables_in(kind.schema)
        rows = _rows("", within, {})
        lines += ["", f"### [{name}]", "", PURPOSES[name], "", "| key | | |", "| --- | --- | --- |", *rows]
    lines += ["", "## Keys of a criterion", "", "| key | | |", "| --- | --- | --- |", *map(_row, KEYS), EXPLANATION]
    return "\n".join([*lines, *_areas()])


def _rows(place: str, schema: Mapping[str, Any], seen: dict[str, str]) -> Iterator[str]:
    """Yield a row for each key of a table, and of the tables in it; what two have alike is shown once."""
    inside = {"NAME": schema["additionalProperties"]} if schema.get("additionalProperties") else {}
    for name, each in schema.get("properties", inside).items():
        at, akin = f"{place}{name}", f"{place}{name}"
        tables = [one for one in _tables_in(each) if one.get("properties") or one.get("additionalProperties")]
        if tables:
            akin = seen.setdefault(json.dumps(tables), at)
        meaning = each.get("description", "") + (f" Its keys are those of `{akin}`." if akin != at else "")
        if meaning:
            yield f"| `{at}`{' *' if name in schema.get('required', ()) else ''} | {_describe(each)} | {meaning} |"
        for one in tables if akin == at else ():
            yield from _rows(f"{at}.", one, seen)


def _tables_in(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the tables that a value may be, or that a list may hold."""
    item = schema["items"] if schema.get("type") == "array" else schema
    return [{name: each for name, each in one.items() if name != "description"} for one in item.get("anyOf", [item])]


def _describe(schema: Mapping[str, Any]) -> str:
    """Return what a value may be, in the words of TOML's users."""
    if "enum" in schema:
        kind = ", ".join(f"`{each}`" for each in schema["enum"])
    else:
        kind = schema.get("title") or WORDS[schema["type"]]
    if "minimum" in schema:
        kind += f", {schema['minimum']:,} " + (f"to {schema['maximum']:,}" if "maximum" in schema else "on")
    shown = schema.get("default", "")
    if shown not in ("", [], {}):
        return f"{kind}; `{json.dumps(shown)}` unless stated"
    return kind + "".join(f", e.g. `{json.dumps(each)}`" for each in schema.get("examples", ()))


def _row(key: str) -> str:
    may = ", ".join(f"`{each}`" for each in CHOICES.get(key, LAYERS if key == "layers" else ()))
    if key in NUMBERS:
        may = f"{NUMBERS[key][0]:,} to {NUMBERS[key][1]:,}"
    kind = " or ".join(WORDS[TYPES[each]] for each in KEYS[key])
    return f"| `{key}`{' *' if key in REQUIRED else ''} | {kind}{f': {may}' if may else ''} | {MEANINGS[key]} |"


def _areas() -> Iterator[str]:
    for area in list_areas():
        yield from (f"\n### {area}\n", "| criterion | |", "| --- | --- |")
        named = f'system = "any"\nextends = ["{area}"]\n'
        for id_, asked in parse_criteria(named, ROOT / "criteria.toml", extend([area], ())[0]).criteria.items():
            yield f"| `{id_}`{f' `{asked.bound}`' if asked.bound else ''} | {asked.statement} |"
    yield ""


if __name__ == "__main__":
    TARGET.write_text(page(), "utf-8")
    SCHEMA.write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(TARGET)
