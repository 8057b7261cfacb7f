"""Whether a firewall stops attacks, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from ...aws.answers import Unread
from .. import Fact
from .answers import subject_of, why_broken, why_challenged, why_unanswered

#: Statuses with which a firewall refuses a request. "Not found" is an answer of the site itself.
_REFUSALS: Final = (400, 403, 405, 406, 418, 501)
#: Statuses that say nothing about the request.
_BUSY: Final = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AttackAnswered(Fact):
    """How an attack on a page was answered; ``subject`` names both."""

    refused: bool
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OrdinaryAnswered(Fact):
    """How ordinary requests of the same form were answered, before and after the attacks; ``subject`` is the page."""

    served: bool
    answer: str


def firewall_facts(record: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield how the attacks on each page were answered, and ordinary requests beside them."""
    for page in record["pages"]:
        if page["attacked"]:
            of, served = subject_of(record, page["chain"][0]["url"]), _is_served(page)
            yield OrdinaryAnswered(
                subject=of, served=served, answer=" and ".join(map(_render_answer, page["ordinary"]))
            )
            for attack, answer in page["attacked"].items():
                refused = _is_refused(answer, page, served)
                yield AttackAnswered(subject=f"{attack} to {of}", refused=refused, answer=_render_answer(answer))


def _render_answer(answer: Mapping[str, Any]) -> str:
    return str(answer.get("failed") or answer["status"])


def _is_served(page: Mapping[str, Any]) -> Any:
    """Whether both ordinary requests were answered as the page itself is, or Unread where one shows nothing."""
    if reason := next(filter(None, map(why_broken, (*page["ordinary"], page["chain"][0]))), ""):
        return Unread(reason)
    usual = page["chain"][0]["status"]
    return all(answer["status"] in (usual, HTTPStatus.OK) for answer in page["ordinary"])


def _is_refused(answer: Mapping[str, Any], page: Mapping[str, Any], served: Any) -> Any:
    """Whether an attack was refused for being one; Unread if ordinary requests are refused as well.

    A connection that is closed between two requests that were served was closed on purpose.
    """
    if answer.get("failed") not in (None, "closed"):
        return Unread(why_unanswered(answer))
    status = answer.get("status", 0)
    if status in _BUSY:
        return Unread(f"{answer['url']} was answered {status}, which says nothing about the attack; ask again later")
    refused = not status or status in _REFUSALS or bool(why_challenged(answer))
    if refused and isinstance(served, Unread):
        return served
    if refused and (not served or page["chain"][0]["status"] == status):
        return Unread("ordinary requests are refused, too, so that it shows nothing")
    return refused
