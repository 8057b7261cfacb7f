"""The [rollout] section of a criteria file: how a deployment is watched, for how long, and what precedes it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, Final

from ..criteria import UsageError
from ..quantities import Quantity
from .dags import TABLE_NAME, URL
from .fields import (
    Key,
    is_text_list,
    key,
    keys_of,
    many,
    one_of,
    parse_quantity,
    parsed,
    plain,
    quantity,
    table,
    text,
    whole,
)  # fmt: skip
from .targets import parse_target

# ── [rollout.before]: what must be on record

_COMMAND: Final = '["{python}", "-m", "pytest", "--junit-xml={results}", "tests"]'


def _is_inside(path: str) -> bool:
    return bool(path) and not path.startswith("/") and ".." not in PurePosixPath(path).parts


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteCommand:
    """A command that runs the tests of a rehearsed release, and where it leaves their results."""

    command: tuple[str, ...] = key(
        plain(
            lambda words: is_text_list(words) and any("{results}" in word for word in words),
            f"a list with {{results}} where the file goes, e.g. {_COMMAND}",
            read=tuple,
            type="array",
            items={"type": "string"},
        ),
        "Run in the project's folder; `{python}` stands for the gate's own, `{results}` for the file to write.",
        example=_COMMAND,
    )
    limit: Quantity = key(quantity("time", "60 s"), "Time after which the command is stopped.", "60 s")


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeSection:
    """The section [rollout.before]."""

    tests: tuple[str, ...] = key(
        many(
            text("e.g. 'reports/*.xml'", _is_inside, "{} is no path inside the project"),
            "a list of texts, e.g. ['reports/*.xml']",
        ),
        "Patterns of JUnit XML files with the results of all tests, relative to the criteria file.",
        [],
    )
    targets: tuple[str, ...] = key(
        many(parsed(parse_target, UsageError), "a list of texts, e.g. ['aws://staging@ap-northeast-1']"),
        "Further targets on which a load test of the release counts, such as staging.",
        [],
    )
    rehearsal: SuiteCommand | None = key(
        table(SuiteCommand, f"{{ command = {_COMMAND} }}", keys_of(SuiteCommand)),
        "The command that runs the tests of a rehearsed release.",
        None,
    )


# ── [rollout.migrations]: where they are and who runs them


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationsSection:
    """The section [rollout.migrations]."""

    tool: str = key(
        one_of("alembic", "django", "flyway", "liquibase", "prisma", "rails"),
        "The tool that runs them.",
        example="'alembic'",
    )
    folder: str = key(
        text("a path inside the project, e.g. 'migrations'", _is_inside),
        "Alembic's script location, or the folder that holds the migrations; relative to the criteria file.",
        example="'migrations'",
    )
    database: str = key(
        URL,
        "Where its SQLAlchemy URL stands: `env:NAME` or `secret:ID`. A rehearsal has a database of its own.",
        example="'secret:shop/gate/database'",
    )
    table: str = key(
        text("e.g. 'alembic_version'", TABLE_NAME.fullmatch, "{} is no name of a table"),
        "The table in which the tool records what has run; left out, the table that it uses by default.",
        "",
    )
    task: str = key(text("a text, e.g. 'shop-prod-migration'"), "Family of the ECS task that runs the migrations.", "")
    cluster: str = key(
        text("a text, e.g. 'shop-prod'"),
        "The database in RDS: its cluster, or an instance that belongs to none; needed where there are several.",
        "",
    )
    previous: str = key(
        text("'env:NAME' of the variable that holds the commit", re.compile(r"env:[A-Za-z_]\w*").fullmatch),
        "The variable with the commit of the build that served before: `env:NAME`; left out, the image's tags name it.",
        "",
    )
    code: tuple[str, ...] = key(
        many(text("e.g. 'src/**/*.py'"), "patterns of files, e.g. ['src/**/*.py']", least=1),
        "Patterns of the files that read the database, relative to the criteria file.",
        ["**"],
    )


# ── How a deployment is watched

_PATH: Final = text("e.g. '/api/stories?page=1'", re.compile(r"/[!-~]*").fullmatch, "{} is no path")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """How a deployment is watched."""

    rate: Quantity = key(quantity("rate", "50 /s"), "Requests per second, evenly, none of them retried.", "50 /s")
    timeout: Quantity = key(quantity("time", "5 s"), "Time that a request may take; longer is a failure.", "5 s")
    limit: Quantity = key(quantity("time", "2 h"), "Time after which a deployment is watched no longer.", "2 h")
    poll: Quantity = key(quantity("time", "5 s"), "Time between two looks at the account.", "5 s")


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSection:
    """The section [rollout]."""

    watching: Watching
    rehearsal: Watching
    """The same in a rehearsal, where nobody waits an hour."""
    speed: int
    """How many seconds of the declared bake, alarms and waits pass in one second of a rehearsal."""
    reads: tuple[str, ...] = key(
        many(_PATH, 'a list of paths, e.g. ["/", "/api/stories"]', least=1),
        "Paths that are read while a deployment is watched, in turn.",
        ["/"],
    )
    write: str = key(
        _PATH,
        "Path to which the watch posts, each time with its own `Idempotency-Key`; left out if nothing may be written.",
        "",
    )
    written: str = key(
        _PATH, "Path at which a write is read back, with `{key}` for its key; left out where none can be.", ""
    )
    before: BeforeSection = key(
        table(BeforeSection, '[rollout.before] with tests = ["reports/*.xml"]', keys_of(BeforeSection)),
        "Records that must exist before a deployment.",
        {},
    )
    migrations: MigrationsSection | None = key(
        table(
            MigrationsSection,
            '[rollout.migrations] with tool = "alembic", folder and database',
            keys_of(MigrationsSection),
        ),
        "The migrations of the database. [migrations.md](migrations.md)",
        None,
    )


def _make(rehearsal: Mapping[str, Any] | None = None, **given: Any) -> RolloutSection:
    own = {name: given.pop(name) for name in keys_of(Watching) if name in given}
    apart = {"speed": 60, **own, **(rehearsal or {})}
    return RolloutSection(speed=apart.pop("speed"), watching=Watching(**own), rehearsal=Watching(**apart), **given)


def _find_unread(where: str, stated: Mapping[str, Any], _: Mapping[str, Any]) -> Iterator[str]:
    if "written" in stated and ("{key}" not in str(stated["written"]) or "write" not in stated):
        yield (
            f"{where}.written: {stated['written']!r} reads no write back; state write as well, and in written where "
            "the key stands, e.g. '/api/orders/{key}'"
        )


_SPEED: Final = Key(
    kind=whole(1, 3600),
    meaning="How many seconds of the declared bake, alarms and waits pass in one second of a rehearsal.",
    usual=60,
)
_REHEARSED: Final = table(
    dict[str, Any],
    '{ rate = "100 /s", speed = 60 }',
    {**{name: replace(each, usual=None) for name, each in keys_of(Watching).items()}, "speed": _SPEED},
)
_APART: Final = Key(
    kind=_REHEARSED, meaning="Keys that take the place of these in a rehearsal, where nobody waits an hour.", usual={}
)
ROLLOUT: Final = table(
    _make,
    '[rollout] with limit = "2 h"',
    {**keys_of(Watching), **keys_of(RolloutSection), "rehearsal": _APART},
    _find_unread,
)


def rollout_mistakes(stated: Any, load: Any) -> Iterator[str]:
    """Say what is wrong with a [rollout] section, one line each; ``load`` is the [load] section beside it."""
    yield from ROLLOUT.find("rollout", stated)
    most = load.get("most", {}).get("rate") if isinstance(load, dict) and isinstance(load.get("most"), dict) else None
    allowed, _ = parse_quantity("load.most.rate", most, "rate", "500 /s")
    tables = {"rollout": stated, "rollout.rehearsal": stated.get("rehearsal") if isinstance(stated, dict) else None}
    for where, each in tables.items():
        rate, _ = parse_quantity("", each.get("rate") if isinstance(each, dict) else None, "rate", "50 /s")
        if allowed and rate and rate.base > allowed.base:
            yield f"{where}.rate: is '{rate}'; load.most allows '{allowed}'"
