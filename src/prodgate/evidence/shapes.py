"""The shapes of ``run.json`` and of journal lines: a value of another kind is refused by its key."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, Final

from ..criteria import LAYERS, SEVERITIES
from ..findings import Outcome

#: Says what a value should be, and whether it is.
_Kind = tuple[str, Callable[[Any], bool]]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def is_time(value: Any) -> bool:
    """Whether this is a moment with its zone, in years that can be reckoned with."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return at.tzinfo is not None and 1970 <= at.year <= 2200


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_table(value: Any, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(map(of, value.values()))


def _are_compared(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict)
        and _is_text(each.get("with"))
        and _is_text(each.get("problem", ""))
        and all(_is_texts(each.get(effect, [])) for effect in ("weaker", "changed", "stronger"))
        for each in value
    )


def _are_layers(value: Any) -> bool:
    return _is_texts(value) and len(set(value)) == len(value) and set(value) <= set(LAYERS)


_TEXT: Final[_Kind] = ("a text", _is_text)
_TEXTS: Final[_Kind] = ("a list of texts", _is_texts)
_DIGEST: Final[_Kind] = ("a SHA-256 in hex", _is_digest)
_DIGESTS: Final[_Kind] = ("a table of SHA-256 in hex", lambda value: _is_table(value, _is_digest))
_TIME: Final[_Kind] = ("a time with its zone", is_time)
_YES: Final[_Kind] = ("true", lambda value: value is True)
_COUNT: Final[_Kind] = ("a number from 0", lambda value: type(value) is int and value >= 0)

#: Keys of run.json; what is not named here is only shown.
_ABOUT: Final[Mapping[str, _Kind]] = {
    **dict.fromkeys(("system", "target", "actor", "commit", "utc_offset", "judged_again", "moment"), _TEXT),
    **dict.fromkeys(("load_allowed", "attack_allowed", "load_record", "cell", "folder"), _TEXT),
    **dict.fromkeys(("cells", "merged"), _DIGEST),
    "rehearsal": ("true or false", lambda value: isinstance(value, bool)),
    "layers": ("layers, each once", _are_layers),
    "started": _TIME,
    "committed": ("a time with its zone, or nothing", lambda value: value == "" or is_time(value)),
    **dict.fromkeys(("criteria", "waivers"), _DIGEST),
    **dict.fromkeys(("inputs", "judges", "included"), _DIGESTS),
    **dict.fromkeys(("uncommitted", "replaced", "supporting"), _TEXTS),
    "compared": ("a list of comparisons", _are_compared),
    "versions": ("a table of texts", lambda value: _is_table(value, _is_text)),
}
_NEEDED: Final = ("system", "target", "rehearsal", "layers", "started", "criteria", "waivers")

_WHAT: Final[Mapping[str, _Kind]] = dict.fromkeys(("layer", "check", "criterion"), _TEXT)
#: Event -> its keys besides the time; a key with ``?`` may be left out.
_EVENTS: Final[Mapping[str, Mapping[str, _Kind]]] = {
    "opened": {
        "format?": _COUNT,
        "run": _TEXT,
        "about": _DIGEST,
        "criteria?": _DIGEST,
        "included?": _DIGESTS,
        "waivers?": _DIGEST,
    },
    "planned": {**_WHAT, "place?": _TEXT},
    "started": {"layer": _TEXT, "check": _TEXT, "place?": _TEXT, "evidence?": _TEXTS},
    "finding": {
        **_WHAT,
        "subject": _TEXT,
        # what is waived follows from the waivers of the run, and is in no journal
        "outcome": ("an outcome", lambda value: value in list(Outcome) and value != Outcome.WAIVED),
        **dict.fromkeys(("expected?", "observed?", "reason?", "remedy?", "needs?", "waiver?", "aspect?"), _TEXT),
        **dict.fromkeys(("where?", "evidence?", "words?"), _TEXTS),
        "severity?": ("a severity", lambda value: value in SEVERITIES),
    },
    "finished": {"layer": _TEXT, "check": _TEXT, "findings": _COUNT},
    "fact": {
        **dict.fromkeys(("layer", "kind", "subject", "source"), _TEXT),
        "digest": _DIGEST,
        "concluded?": _YES,
        "team?": _TEXT,
    },
    "unreadable": dict.fromkeys(("layer", "kind", "reason"), _TEXT),
    "note": dict.fromkeys(("layer", "text"), _TEXT),
    "collected": {"layer": _TEXT},
    "broken": dict.fromkeys(("layer", "reason"), _TEXT),
    "interrupted": {"layer": _TEXT},
    "drill": dict.fromkeys(("what", "name"), _TEXT),
    "begun": {"step": _COUNT, "kind": _TEXT, "fields": ("a table", lambda value: isinstance(value, dict))},
    "undone": {"drill": _TEXT, "step": _COUNT},
    "watch": {"what": _TEXT, "named": _TEXTS},
    "observed": {"layer": _TEXT},
    # what stands in the place of a digest, for what is no file
    "closed": {"files?": ("a table of digests", lambda value: _is_table(value, _is_text))},
}


def find_flaw_in_about(about: Any) -> str:
    """Say what is wrong with the value of run.json; nothing when all is as it should be."""
    if not isinstance(about, dict):
        return "run.json: is no table"
    missing = (f"run.json: it lacks {key!r}" for key in _NEEDED if key not in about)
    odd = (f"run.json: {key}: is {_quote(about[key])}, not {_ABOUT[key][0]}" for key in _find_odd(about, _ABOUT))
    return next(chain(missing, odd), "")


def find_flaw_in_event(event: Any) -> str:
    """Say what is wrong with the value of a line of the journal; nothing when all is as it should be."""
    kind = event.get("event") if isinstance(event, dict) else None
    if not isinstance(kind, str) or kind not in _EVENTS:
        return "is not an event"
    # a fact that does not say when it was observed decides nothing, which is for whoever judges it to say
    at = _TEXT if kind == "fact" else _TIME
    known = {"event": _TEXT, "at": at, **{key.rstrip("?"): kinds for key, kinds in _EVENTS[kind].items()}}
    needed = ("at", *(key for key in _EVENTS[kind] if not key.endswith("?")))
    missing = (f"it lacks {key!r}" for key in needed if key not in event)
    more = (f"{key!r} is no key of a {kind}" for key in event if kind == "finding" and key not in known)
    odd = (f"{key}: is {_quote(event[key])}, not {known[key][0]}" for key in _find_odd(event, known))
    return next(chain(missing, more, odd), "")


def _find_odd(values: Mapping[str, Any], kinds: Mapping[str, _Kind]) -> Iterator[str]:
    return (key for key, (_, is_kind) in kinds.items() if key in values and not is_kind(values[key]))


def _quote(value: Any) -> str:
    """Return a value for a message, cut off where it is long."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # too many digits, too deep
        text = f"a {type(value).__name__} that can't be shown"
    return text if len(text) <= 60 else f"{text[:60]}…"
