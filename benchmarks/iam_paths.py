"""Checks that each published path to administrator is found, and is not found with one permission less.

python benchmarks/iam_paths.py FOLDER

FOLDER is `data/paths` of github.com/DataDog/pathfinding.cloud (Apache 2.0; kept outside this repository). A user and a
role each hold exactly the permissions that a path requires, on everything, in an account that has whatever the path
needs. With one permission less the path must not be found, unless the remaining permissions are a published path as
well.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from prodgate.iam.account import EVERYTHING, Account, Group, Holder, Principal
from prodgate.iam.documents import Document, read_document
from prodgate.iam.paths import Path as Listed, list_paths
from prodgate.iam.reach import Reach, find_reach

_ID: Final = "111122223333"
_IAM: Final = f"arn:aws:iam::{_ID}"
#: Permissions that help another one that is enough alone: to find a target, or to make room.
_HELPING: Final = frozenset({"ec2:DescribeInstances", "iam:DeleteAccessKey"})


def main(folder: Path) -> int:
    """Print the count of each outcome, and each that is not as published; exit 1 if there is one, or no path."""
    ways = dict(_read_ways(folder))
    counts: Counter[str] = Counter()
    for name, needed in ways.items():
        for said, detail in _ask(name, needed, ways):
            counts[said] += 1
            if detail:
                print(f"{said}: {name}: {detail}")
    for outcome, count in sorted(counts.items()):
        print(f"{outcome}: {count}")
    return 0 if counts["found"] and not any("wrong" in one for one in counts) else 1


def _read_ways(folder: Path) -> Iterator[tuple[str, frozenset[str]]]:
    for file in sorted(folder.rglob("*.yaml")):
        way = yaml.safe_load(file.read_text("utf-8"))
        yield way["id"], frozenset(one["permission"] for one in way["permissions"]["required"])


def _ask(name: str, needed: frozenset[str], ways: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, str]]:
    found = {kind: _reach(kind, needed) for kind in ("user", "role")}
    if not any(one.administrator is True for one in found.values()):
        yield "wrong: not found", ", ".join(sorted(needed))
        return
    named = {id_ for one in found.values() for path in one.paths for hop in path for id_ in hop.known_as}
    yield "found", ""
    yield ("found under its name" if name in named else "found under another name"), ""
    for kind in (kind for kind, one in found.items() if one.administrator is True):
        for lacking in sorted(needed):
            rest = needed - {lacking}
            without = _reach(kind, rest).administrator
            if without is False:
                yield "one less: not found", ""
            elif any(other - _HELPING <= rest for other in ways.values()):
                yield "one less: another published way", ""
            elif any(_list_needed(one) <= rest for one in list_paths()):
                yield "one less: a way that is not published there", ""
            else:
                yield "one less: wrong", f"{kind} without {lacking}: {without}"


def _list_needed(path: Listed) -> set[str]:
    return {*(["iam:PassRole"] if path.service else []), *(step.action for step in path.steps if step.resources)}


def _reach(kind: str, actions: frozenset[str]) -> Reach:
    statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
    own = _document(statement) if actions else Document()
    return next(one for one in find_reach(_make_account(kind, own)) if one.principal.name == "start")


def _document(*statements: Mapping[str, Any]) -> Document:
    return read_document({"Version": "2012-10-17", "Statement": list(statements)}, "a policy")


def _make_account(kind: str, own: Document) -> Account:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    services = sorted({one.service for one in list_paths() if one.service})
    admin = f"{_IAM}:role/admin"
    staff, admins = f"{_IAM}:group/staff", f"{_IAM}:group/admins"
    trusting = _document({**trust, "Principal": {"Service": services}}, {**trust, "Principal": {"AWS": _ID}})
    held = [one for one in list_paths() if one.kind]
    return Account(
        id=_ID,
        is_whole=True,
        principals=(
            Principal(
                arn=f"{_IAM}:{kind}/start",
                identity=(own,),
                managed=(f"{_IAM}:policy/own",),
                groups=(staff,) if kind == "user" else (),
                trust=_document({**trust, "Principal": {"Service": services[0]}}) if kind == "role" else None,
            ),
            Principal(arn=admin, identity=(EVERYTHING,), trust=trusting, in_profile=True),
            Principal(arn=f"{_IAM}:user/chief", identity=(EVERYTHING,), has_login=True),
        ),
        groups={staff: Group(arn=staff), admins: Group(arn=admins, identity=(EVERYTHING,))},
        holders=tuple(
            Holder(kind=one.kind, arn=one.pattern.format(account=_ID).replace("*", "x"), role=admin) for one in held
        ),
        things=frozenset(one.needs for one in list_paths() if one.needs),
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
