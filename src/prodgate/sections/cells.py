"""The tables [[cells]]: the accounts, regions and layers that are observed one by one, and decided about together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..criteria import LAYERS, UsageError
from .targets import parse_target
from .validation import is_text_list, key_mistakes

_EXAMPLE: Final = '[[cells]] with accounts = ["111111111111"] and regions = ["ap-northeast-1"]'
_KEYS: Final = ("accounts", "regions", "layers", "profile")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
#: The name of a cell.
NAME: Final = re.compile(rf"(?P<account>{_ACCOUNT.pattern})/(?P<region>{_REGION.pattern})/(?P<layer>[a-z0-9]+)")
#: What judgements call the account that they are about.
_ACCOUNT_ITSELF: Final = "the account"
#: A profile of AWS's configuration; the account stands in it where each has its own.
_PROFILE: Final = re.compile(r"([\w.+=,-]|\{account\})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One layer of one account in one region: the least that is observed by itself."""

    account: str
    region: str
    layer: str
    target: str
    """Where it is looked at: ``aws://PROFILE@REGION``, or ``aws://REGION`` with the environment's credentials."""

    @property
    def name(self) -> str:
        """What it is called: ``111111111111/ap-northeast-1/live``."""
        return f"{self.account}/{self.region}/{self.layer}"


def cells_mistakes(tables: Any) -> Iterator[str]:
    """Say what is wrong with the tables, one line each."""
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        yield f"cells: is {tables!r}; write {_EXAMPLE}"
        return
    mistakes = [each for number, table in enumerate(tables, start=1) for each in _table_mistakes(number, table)]
    yield from mistakes
    if mistakes:
        return
    seen: dict[str, int] = {}
    for number, table in enumerate(tables, start=1):
        for cell in _list_table(table):
            if (other := seen.setdefault(cell.name, number)) != number:
                yield f"cells[{number}]: names {cell.name}, as cells[{other}] does; name each cell once"


def _table_mistakes(number: int, table: Mapping[str, Any]) -> Iterator[str]:
    where = f"cells[{number}]"
    yield from key_mistakes(where, table, _KEYS)
    lists = {
        "accounts": (_ACCOUNT, "twelve digits each", '["111111111111"]'),
        "regions": (_REGION, "names of regions", '["ap-northeast-1"]'),
        "layers": (re.compile("|".join(LAYERS)), f"layers of {', '.join(LAYERS)}", '["live"]'),
    }
    for key, (form, what, example) in lists.items():
        named = table.get(key, ["live"] if key == "layers" else None)
        if not is_text_list(named) or not named or not all(map(form.fullmatch, named)) or len({*named}) < len(named):
            yield f"{where}.{key}: is {named!r}; write {what}, each once, e.g. {example}"
    profile = table.get("profile", "prod")
    if not isinstance(profile, str) or not _PROFILE.fullmatch(profile):
        yield f"{where}.profile: is {profile!r}; write the name of a profile, e.g. 'gate-{{account}}'"


def parse_cells(tables: Any) -> tuple[Cell, ...]:
    """Read tables that have no mistakes."""
    return tuple(cell for table in tables for cell in _list_table(table))


def _list_table(table: Mapping[str, Any]) -> Iterator[Cell]:
    profile = table.get("profile", "")
    for account in table["accounts"]:
        for region in table["regions"]:
            place = f"{profile.replace('{account}', account)}@{region}" if profile else region
            for layer in table.get("layers", ["live"]):
                yield Cell(account=account, region=region, layer=layer, target=f"aws://{place}")


def read_cell(name: str, target: str) -> Cell:
    """Return the cell of that name. Raises UsageError for what is no name of a cell, or no target."""
    match = NAME.fullmatch(name)
    if not match or match["layer"] not in LAYERS:
        raise UsageError(f"{name!r}: is no cell; write ACCOUNT/REGION/LAYER, such as 111111111111/ap-northeast-1/live")
    parse_target(target)
    return Cell(**match.groupdict(), target=target)


def name_within(cell: str, subject: str) -> str:
    """Return a subject as it is called where several cells are told apart; as it is, for a run of no cell.

    An ARN and the account itself are called the same from whichever region they are looked at.
    """
    account = cell.partition("/")[0]
    if not cell or subject == account or subject.startswith(("arn:", f"{cell}: ", f"{account}: ")):
        return subject
    return f"{account if subject == _ACCOUNT_ITSELF else cell}: {subject}"
