"""Reading waivers.toml: the whole file is validated, and every mistake is one line of the message."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final

from ..criteria import UsageError, suggest
from ..semantics.names import says_nothing
from ..waivers import Waiver
from .fields import Key, named, plain, table, text, whole
from .toml_text import TomlError, parse_toml, read_text, render_mistakes

_TEXT: Final = text("a text", lambda _: True)
_DATE: Final = plain(
    lambda value: isinstance(value, date) and not isinstance(value, datetime),
    "a date without quotes, e.g. 2026-11-24",
    type="string",
)
_ACCEPTED: Final = text('what was accepted, e.g. observed = "0.5 s"', lambda value: not says_nothing(value))
_ASPECT: Final = text("the aspect that the finding names", lambda value: not says_nothing(value))
_WAIVERS: Final = named(
    table(
        dict[str, Any],
        "[waivers.<id>]",
        {
            "covers": Key(kind=_TEXT, meaning="The criterion, policy or check.", example='"backup-retention"'),
            "subject": Key(kind=_TEXT, meaning="A pattern of subjects.", example='"aws_s3_bucket.logs"'),
            "reason": Key(kind=_TEXT, meaning="Why the risk is accepted.", example='"It is rebuilt every night."'),
            "owner": Key(kind=_TEXT, meaning="Who mends it.", example='"ana@example.com"'),
            "approver": Key(kind=_TEXT, meaning="Who accepted it.", example='"ken@example.com"'),
            "opened": Key(kind=_DATE, meaning="Its first day.", example="2026-11-24"),
            "expires": Key(kind=_DATE, meaning="Its last day.", example="2026-12-24"),
            "most": Key(kind=whole(1), meaning="The number of findings that it covers.", usual=1),
            "observed": Key(kind=_ACCEPTED, meaning="What was accepted.", usual=None),
            "aspect": Key(kind=_ASPECT, meaning="Which of the faults of the subject.", usual=None),
        },
        wrong="is not a table",
    ),
    "[waivers.<id>]",
)


class WaiverError(UsageError):
    """The waivers cannot be used; each line of the message is one mistake."""


def load_waivers(path: Path) -> tuple[Waiver, ...]:
    """Read and validate a waivers file; a file that does not exist holds no waiver. Raises WaiverError.

    What is wrong with a waiver on any day is refused here; in a run that was made before, it is a finding.
    """
    try:
        waivers = parse_waivers(read_text(path), path)
    except FileNotFoundError:
        if path.is_symlink():
            raise WaiverError(f"{path}: is a link that leads nowhere; mend it, or take it away") from None
        return ()
    except OSError as error:
        raise WaiverError(f"{path}: cannot be read: {error.strerror}; make it readable") from None
    except TomlError as error:
        raise WaiverError(f"{path}: {error}") from None
    faults = [*chain.from_iterable(map(_render_faults, waivers)), *_render_doubles(waivers)]
    if faults:
        raise WaiverError(render_mistakes(f"{path}: {fault}" for fault in faults))
    return waivers


def _render_faults(waiver: Waiver) -> Iterator[str]:
    for key, faults in waiver.find_faults().items():
        value = getattr(waiver, key)
        shown = repr(value) if isinstance(value, str) else value
        yield from (f"waivers.{waiver.id}.{key}: {shown}: the waiver {fault}" for fault in faults)


def _render_doubles(waivers: Iterable[Waiver]) -> Iterator[str]:
    covered: dict[tuple[str, ...], str] = {}
    for waiver in waivers:
        if (first := covered.setdefault((waiver.covers, waiver.subject, waiver.aspect), waiver.id)) != waiver.id:
            yield f"waivers.{waiver.id}: covers what waivers.{first} covers; keep one of the two"


def find_unknown(waivers: Iterable[Waiver], known: Collection[str], path: Path) -> Iterator[str]:
    """Return mistakes about waivers that cover no criterion, policy or check of the criteria."""
    for waiver in waivers:
        if waiver.covers not in known:
            hint = suggest(waiver.covers, known) or "; write the id of a criterion or policy, or the name of a check"
            none = f"{waiver.covers!r} is no criterion, policy or check that is asked"
            yield f"{path}: waivers.{waiver.id}.covers: {none}{hint}"


def parse_waivers(written: str, path: Path) -> tuple[Waiver, ...]:
    """Validate the text of a waivers file; ``path`` is only named in messages. Raises WaiverError."""
    try:
        data = parse_toml(written)
    except TomlError as error:
        raise WaiverError(f"{path}: {error}") from None
    mistakes = [f"{key}: is not a section; write [waivers.<id>]" for key in data if key != "waivers"]
    mistakes += _WAIVERS.find("waivers", data.get("waivers", {}))
    if mistakes:
        raise WaiverError(render_mistakes(f"{path}: {mistake}" for mistake in mistakes))
    return tuple(Waiver(id=id_, **stated) for id_, stated in data.get("waivers", {}).items())
