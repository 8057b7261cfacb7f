"""Say where a seal does not follow from its run: the second half of verify.py, which says whether the run is authentic.

The journal must be one chain of one run, run.json the one that the journal names, and the seal about both. No GO is
believed that journal, criteria and waivers contradict, and no promotion that does not follow from them.
"""

import datetime
import fnmatch
import hashlib
import json
import math
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

FORMAT = 1  # of the journals that are known here; one that states none is of the first
SAME = ("system", "target", "rehearsal", "layers", "commit", "moment", "started")
#: Sections of the criteria that are for one layer alone: whoever writes one asks for it.
SECTIONS = {"load": "load", "e2e": "e2e", "airflow": "dags", "rollout": "rollout"}

#: The moment of a run that asks whether a deployment may begin, and the layers that answer it.
PROMOTION, PROMOTING = "promotion", {"static", "live", "rollout", "attested"}

#: The greatest age of facts that are judged again, in days, where the criteria state none; units of time, in seconds.
AGES = {"static": 30, "live": 30, "load": 30, "e2e": 30, "dags": 30, "rollout": 30, "attested": 90}
UNITS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}


def check_chain(lines: list[bytes]) -> Iterator[str]:
    """Yield which lines of the journal are not in its chain."""
    digest, last, own, seen = b"", 0, "", set()
    for line in lines:
        link, objects = json.loads(line).get("chain") or {}, list[Any]()
        json.loads(line, object_pairs_hook=objects.append)
        number, run = link.get("line", 0), link.get("run", "")
        own = own or run
        if link and run != own:
            yield f"FOREIGN: journal.jsonl: a line of run {run}"
            continue
        if not link or number in seen:
            yield "UNLISTED: journal.jsonl: a line"
        elif number < last:
            yield f"REORDERED: journal.jsonl: line {number}"
        elif number > last + 1:
            yield f"MISSING: journal.jsonl: line {last + 1}"
        elif hashlib.sha256(digest + line[:-67]).hexdigest().encode() + b'"}}' != line[-67:]:
            yield f"CHANGED: journal.jsonl: line {number}"
        elif any(len(pairs) > len(dict(pairs)) for pairs in objects):
            yield f"CHANGED: journal.jsonl: line {number} holds a key twice"
        seen.add(number)
        digest, last = line[-67:-3], max(last, number)


def read_toml(run: Path, *digests: str) -> list[Any]:
    """Return files of evidence."""
    return [tomllib.loads((run / "evidence" / f"{digest}.toml").read_text("utf-8")) for digest in digests]


def find_void(waivers: dict[str, Any], findings: list[Any], started: str) -> Iterator[str]:
    """Yield which waivers held nothing on the day of the run; one such waiver is NO-GO, whatever it covers."""
    day = datetime.datetime.fromisoformat(started).date()
    for name, waiver in waivers.items():
        most = sum(covers(waiver, e) for e in findings if e["outcome"] == "not-satisfied")
        if not waiver["opened"] <= day <= waiver["expires"] or most > waiver.get("most", 1):
            yield f"the waiver {name} is not in force, or covers more than it says"


def covers(waiver: Any, finding: Any) -> bool:
    """Whether a waiver speaks of a finding; one that says neither which fault nor what was seen, of none of several."""
    aspect = waiver.get("aspect", "*" if "observed" in waiver else "")
    pairs = ((finding["subject"], waiver["subject"]), (finding.get("aspect", ""), aspect))
    named = waiver["covers"] in (finding["criterion"], finding["check"])
    return named and all(fnmatch.fnmatchcase(text, pattern.replace("[", "[[]")) for text, pattern in pairs)


def find_doubts(about: Any, stated: list[Any], waivers: dict[str, Any], events: list[Any]) -> Iterator[str]:
    """Yield why this is no journal of a GO."""
    layers, findings = about["layers"], [event for event in events if event["event"] == "finding"]
    pairs = [pair for file in stated for pair in file.get("criteria", {}).items()]
    tables = {name: table for name, table in pairs if about.get("moment") in ("", None, *asked_at(table))}
    yield from find_void(waivers, findings, about["started"])
    answers: dict[tuple[str, str], list[Any]] = {(x, name): [] for name in tables for x in tables[name]["layers"]}
    for e in findings:
        answers.setdefault((e["layer"], e["criterion"]), []).append(e)
    facts = [e for e in events if e["event"] == "fact" and not e.get("concluded")]
    asked_of = {layer for layer, _ in answers}
    yield from find_stale(about, stated, [e for e in facts if e["layer"] in asked_of])
    whole, broken = ({e["layer"] for e in events if e["event"] == kind} for kind in ("collected", "broken"))
    for (layer, name), found in ((key, found) for key, found in answers.items() if key[0] in layers):
        table = tables.get(name, {})
        yield from find_gaps(f"{layer} layer, asked for {name},", found, table, layer in whole - broken)
        later = about["rehearsal"] and layer != "static" and table.get("needs") == "production"
        for e in found:
            if e["outcome"] == "not-satisfied" and not any(covers(waiver, e) for waiver in waivers.values()):
                yield f"{name} is not satisfied"
            if e["outcome"] == "undetermined" and not (later and e.get("needs") == "production"):
                yield f"{name} is undetermined"
    if not any(e["outcome"] in ("satisfied", "not-satisfied") for e in findings if e["layer"] in layers):
        yield "nothing is answered"
    served = {(table.get("source"), layer) for table in tables.values() for layer in table["layers"]}
    for name, asked in (pair for file in stated for pair in file.get("requirements", {}).items()):
        if not about.get("moment") and {(name, layer) for layer in {*asked.get("layers", ())} & {*layers}} - served:
            yield f"no criterion serves {name}"
    yield from find_unfinished([e for e in events if e.get("layer") in layers])
    if [e for e in events if e["event"] == "closed"] != events[-1:]:
        yield "the run was cut off"


def find_stale(about: Any, stated: list[Any], facts: list[Any]) -> Iterator[str]:
    """Yield which facts were not observed while the run went on or, if it judged again, within their time before it."""
    ages = {layer: f"{days} d" for layer, days in AGES.items()}
    for file in stated:
        ages |= file.get("facts", {}).get("max_age", {})
    started, again = datetime.datetime.fromisoformat(about["started"]), {"judged_again", "merged"} & about.keys()
    for e in (e for e in facts if e["layer"] in ages):
        number, unit = re.fullmatch(r"\s*([\d.]+)\s*([a-z]+)\s*", ages[e["layer"]]).groups()  # type: ignore[union-attr]
        try:
            age = (started - datetime.datetime.fromisoformat(e["at"])).total_seconds()
        except (TypeError, ValueError):
            age = math.nan  # which is in no range
        if not (0 <= age <= float(number) * UNITS[unit] if again else age <= 0):
            yield f"the {e['kind']} was observed at another time"


def find_gaps(place: str, found: list[Any], table: Any, judged: bool) -> Iterator[str]:
    """Yield what a layer leaves open of a criterion, although nothing that it says is undetermined."""
    subjects = {e["subject"] for e in found if e["outcome"] != "not-applicable"}
    if not judged and table:
        yield f"the {place} did not judge to its end"
    if not found:
        yield f"the {place} says nothing"
    elif not subjects and table.get("applicability") != "where-present":
        yield f"the {place} says that it does not apply"
    elif subjects and len(subjects) < table.get("population", 1) and all(e["outcome"] != "undetermined" for e in found):
        yield f"the {place} is about too few"


def find_unfinished(events: list[Any]) -> Iterator[str]:
    """Yield which checks did not end as they were planned; a layer judges one after another."""
    planned: dict[tuple[str, str], Any] = {}
    begun: dict[str, tuple[str, str, list[Any]]] = {}
    for e in events:
        layer, check = e["layer"], e.get("check", "")
        begun_now, place, found = begun.setdefault(layer, ("", "", []))
        if e["event"] == "planned":
            planned[layer, check] = {**e, **planned.get((layer, check), {})}
        elif e["event"] == "started":
            begun[layer] = check, e.get("place", ""), []
        elif e["event"] == "finding":
            found.append((check, e["criterion"]))
        elif e["event"] == "finished":
            first = planned.pop((layer, check), {})
            if not e["findings"] == len(found) > 0:
                yield f"{check} made another number of findings"
            asked = (check, first.get("place", ""), {(check, first.get("criterion"))})
            if asked[1] and (begun_now, place, {*found}) != asked:
                yield f"{check} did not answer as it was planned"
    yield from (f"{check} did not end" for _, check in planned)


def asked_at(criterion: Any) -> tuple[str, ...]:
    """Return the moments of runs that ask a criterion, besides those that ask all; a promotion asks nothing later."""
    own = criterion.get("moment")
    return (own or PROMOTION, PROMOTION) if own in ("before", None) else (own,)


def may_promote(about: Any, stated: list[Any]) -> bool:
    """Whether a GO of a run allows a promotion: of all that it needs, and neither a rehearsal nor staging."""
    asked = {SECTIONS[name] for file in stated for name in file if name in SECTIONS}
    tables = [file.get(kind, {}) for file in stated for kind in ("criteria", "requirements")]
    asked.update(layer for each in tables for table in each.values() for layer in table.get("layers", ()))
    urls = (about["target"], *(file["e2e"].get("base_url", "") for file in stated if "e2e" in file))
    site, *sites = [(parts.scheme, parts.netloc.lower()) for parts in map(urlsplit, urls)]
    staging = site[0] in ("http", "https") and site not in sites
    moment = about.get("moment") or ""
    needed = asked & PROMOTING if moment == PROMOTION else asked
    part = moment not in ("", PROMOTION) or about.get("cell") or needed - {*about["layers"]}
    return not (about["rehearsal"] or staging or part)


def check_run(run: Path, own: Any) -> Iterator[str]:
    """Yield what the seal says of the run that is not so."""
    written, lines = (run / "run.json").read_bytes(), (run / "journal.jsonl").read_bytes().splitlines()
    about, events = json.loads(written), [json.loads(line) for line in lines]
    if (stated := events[0].get("format", FORMAT)) > FORMAT:
        yield f"NEWER: journal.jsonl: is of format {stated}, and this verifier reads formats up to {FORMAT}"
        return
    yield from check_chain(lines)
    if hashlib.sha256(written).hexdigest() != events[0]["about"]:
        yield "CHANGED: run.json"
    if own["run"] != events[0]["run"]:
        yield f"FOREIGN: the seal is of run {own['run']}, the journal of {events[0]['run']}"
    if events[0]["run"] != (folder := run.resolve().name):
        yield f"FOREIGN: the folder is called {folder}, and the run in it {events[0]['run']}"
    for name in (name for name in SAME if own[name] != about.get(name, "")):
        yield f"CHANGED: the seal says {name} {own[name]!r}, run.json {about.get(name)!r}"
    if own["head"] != events[-1]["chain"]["sha256"]:
        yield "CHANGED: the seal names another head than the journal has"
    stated = read_toml(run, about["criteria"], *about.get("included", {}).values())
    waivers = read_toml(run, about["waivers"])[0].get("waivers", {})
    if doubt := next(find_doubts(about, stated, waivers, events), "") if own["verdict"] == "GO" else "":
        yield f"CHANGED: the seal says GO, and in the journal {doubt}"
    if own["promotes"] and not (own["verdict"] == "GO" and may_promote(about, stated)):
        yield "CHANGED: the seal allows a promotion that does not follow from the run"
