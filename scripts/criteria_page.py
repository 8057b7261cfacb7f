"""Write docs/criteria.md and docs/criteria.schema.json: what criteria.toml may say, from what reads it.

python scripts/criteria_page.py            # writes both
"""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prodgate.criteria import LAYERS
from prodgate.sections.criteria_file import CHOICES, KEYS, NUMBERS, REQUIRED, load_criteria
from prodgate.sections.inherited import extend, list_areas
from prodgate.sections.sections import SECTIONS

ROOT = Path(__file__).parents[1]
TARGET, SCHEMA = ROOT / "docs" / "criteria.md", ROOT / "docs" / "criteria.schema.json"
TYPES = {str: "string", dict: "object", list: "array", int: "integer", bool: "boolean"}
#: What each key of a criterion means.
MEANINGS = {
    "statement": 'What must hold: a text, or `{ en = "…", ja = "…" }`. Reports show what is untranslated.',
    "why": "Why it matters, for whoever has to change something because of it.",
    "require": "The bound: `< 200 ms`, `== 'text'`, `one of 'a', 'b'`, or another criterion's: `<= {latency-p95}`.",
    "remedy": "What to do when it does not hold, for policies and checks that say nothing of their own.",
    "source": "What asks for it: a line of `[requirements]` where there are any, else any text.",
    "layers": "The ways of finding out that must all answer.",
    "controls": "Controls of a catalogue that it serves, such as `NIST-800-53:AC-6`.",
    "population": "Least number of subjects that each layer must judge, 1 unless stated. With 0 there need be none.",
    "samples": "Least number of samples under a rate or a percentile.",
    "confidence": "Of the interval of a measured value, such as `95 %`.",
    "decides": "Whether the value itself is compared, or its whole interval (`bound`, which needs a confidence).",
    "window": "Least time that must have been observed.",
    "rate": "Least load under which the bound must hold.",
    "disturbances": "Longest disturbance for which the confidence must hold under load. [load.md](load.md)",
    "needs": "`production`: a rehearsal can't answer it, says so, and goes on.",
    "moment": "The checklist of a release that it belongs to, for `--moment`.",
    "applicability": "Whether the question may not arise: never, for some subjects, or for a whole system. See below.",
    "baseline": "Good practice for any team, which `prodgate check` asks without a file; a bound is asked instead.",
    "severity": "How bad it is when it does not hold. `prodgate check` shows the worst first; it decides nothing.",
    "overrides": "Stands in the place of the criterion of that id that `extends` takes over.",
    "attested_by": "How many people must stand for a record of it.",
    "document": "What they must have looked at, and the headings that it must have something under.",
    "shown_by": "The layer that a gate run must have judged for them to cite it.",
    "goals": "What principals can and cannot do, or what they use, proven of the declared ones. [iam.md](iam.md)",
}
#: What each section says, and the page that has the rest.
PURPOSES = {
    "system": "The name of the system.",
    "include": "Further files below this folder that state criteria and sections, each thing once.",
    "extends": "Bundled criteria that are taken over, whole or by area. See below.",
    "terraform": "`root`: the folder or `plan.json` that is judged; `source`: the root of a plan; `var_files`.",
    "account": "`id`: the account; `exempt`: what is of others; `zones`: those it may use. [live.md](live.md)",
    "cells": "`accounts`, `regions`, `layers` and `profile` of what is observed one by one. [cells.md](cells.md)",
    "repository": "`exempt`: files that hold made-up credentials on purpose.",
    "facts": "`max_age`: how old what was observed may be when it is judged, by layer.",
    "evidence": "`signers`: whose signatures count. [evidence.md](evidence.md)",
    "load": "What is put under load, and how much of it. [load.md](load.md)",
    "airflow": "Which Airflow runs the DAGs. [dags.md](dags.md)",
    "dags": "When each DAG must run, and what it leaves. [dags.md](dags.md)",
    "e2e": "The site and its pages, as people meet them. [e2e.md](e2e.md)",
    "rollout": "How a deployment is watched. [rollout.md](rollout.md)",
    "site": "`ca`: a private authority; `networks`: where `http://` targets may be. [staging.md](staging.md)",
    "rehearsal": "Which site a rehearsal is about. [rehearsal.md](rehearsal.md)",
    "attested": "Where the records are of what people say. [attested.md](attested.md)",
    "organization": "What the account's organization denies to all of it. [iam.md](iam.md#organizations)",
    "requirements": 'Lines that criteria stand for: `INF-1 = { asks = "…", layers = ["static"] }`.',
    "criteria": "What must hold: a table for each, `[criteria.<id>]`.",
}
INTRODUCTION = """# What criteria.toml may say

Written by `scripts/criteria_page.py` from what reads the file; do not edit.
[criteria.schema.json](criteria.schema.json) says the same to editors: with Taplo (Even Better TOML), write `#:schema
criteria.schema.json` as the first line of a file that lies beside a copy of it. The reader refuses more than the
schema can say, each mistake in one line.

A first file is written by `prodgate init`. The smallest one that judges anything:

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

Silence is not consent: where nothing is found that a criterion asks about, it is undetermined. Three keys say when
that is meant to be so.

- `applicability = "some-subjects"`: a check may say of some subjects that the question does not arise, such as of a
  replica that has no backups of its own; not of all of them.
- `applicability = "where-present"`: it may say so of all; a system that has none of it is not asked. Write it where a
  healthy system may have none, or where another criterion asks that there is one.
- `population = 0`: no policy or check asks that there is at least one. Without `where-present` nothing at all is
  undetermined still.

What could not be observed is undetermined, whatever the criterion says. `needs = "production"` is about rehearsals
alone: what a check says production alone can answer is named in the report, and does not block there; on a real
account it blocks.

## What `extends` takes over

`extends = "baseline"` takes over every criterion below but those of `baseline/permissions`, which need the extra `iam`
([iam.md](iam.md#for-any-team)); `extends = ["baseline/identity"]` takes over those of an area. They are asked in the
layers static and live, with `population = 0` and `where-present`, so that what a system does not have is not asked
about. One that is stated anew under the same id says `overrides = true`, and is stated whole. A run keeps what it
took over by digest.
"""


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a criteria file."""
    sections: dict[str, Any] = {name: {"type": "object", "description": PURPOSES[name]} for name in SECTIONS}
    sections["system"] = {"type": "string", "description": PURPOSES["system"]}
    sections["include"] = _list_of({"type": "string", "minLength": 1}, PURPOSES["include"])
    areas = ["baseline", *list_areas()]
    sections["extends"] = {
        "anyOf": [{"enum": areas}, _list_of({"enum": areas}, "")],
        "description": PURPOSES["extends"],
    }
    sections["cells"] = _list_of({"type": "object"}, PURPOSES["cells"])
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
    lines += ["", "## Keys of a criterion", "", "| key | | |", "| --- | --- | --- |", *map(_row, KEYS), EXPLANATION]
    return "\n".join([*lines, *_areas()])


def _row(key: str) -> str:
    may = ", ".join(f"`{each}`" for each in CHOICES.get(key, LAYERS if key == "layers" else ()))
    if key in NUMBERS:
        may = f"{NUMBERS[key][0]:,} to {NUMBERS[key][1]:,}"
    kind = " or ".join(
        {"object": "table", "array": "list", "string": "text"}.get(TYPES[each], TYPES[each]) for each in KEYS[key]
    )
    return f"| `{key}`{' *' if key in REQUIRED else ''} | {kind}{f': {may}' if may else ''} | {MEANINGS[key]} |"


def _areas() -> Iterator[str]:
    stated = load_criteria(ROOT / "criteria.toml").criteria
    for area, ids in list_areas().items():
        yield from (f"\n### {area}\n", "| criterion | |", "| --- | --- |")
        (text,) = extend([area], ())[0].values()
        tables = tomllib.loads(text)["criteria"]
        for id_ in ids:
            bound = f" `{stated[id_].bound}`" if id_ in stated and stated[id_].bound else ""
            yield f"| `{id_}`{bound} | {tables[id_]['statement']['en']} |"
    yield ""


if __name__ == "__main__":
    TARGET.write_text(page(), "utf-8")
    SCHEMA.write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", "utf-8")
    print(TARGET)
