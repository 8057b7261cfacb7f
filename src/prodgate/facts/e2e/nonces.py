"""Nonces of pages: one that two readers are given, or that a cache keeps, is known to whoever attacks the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .answers import read_header_values
from .caching import keeps_for_everybody
from .content_policy import find_nonces, split_policies

REPEATED: Final = "scripts by a nonce that more than one answer has"
KEPT: Final = "scripts by a nonce in an answer that shared caches keep"


def read_nonces(answer: Mapping[str, Any]) -> frozenset[str]:
    """Return the nonces of an answer's policies."""
    return find_nonces(split_policies(read_header_values(answer, "content-security-policy")))


def count_nonces(record: Mapping[str, Any]) -> Counter[str]:
    """Return in how many answers of all pages each nonce was seen."""
    answers = (answer for page in record["pages"] for answer in _answers(page))
    return Counter(nonce for answer in answers for nonce in read_nonces(answer))


def nonce_dangers(page: Mapping[str, Any], seen: Mapping[str, int]) -> Iterator[str]:
    """Yield what is wrong with the nonces of a page, of which ``seen`` counts the answers that have each."""
    marked = [answer for answer in _answers(page) if read_nonces(answer)]
    if any(seen[nonce] > 1 for answer in marked for nonce in read_nonces(answer)):
        yield REPEATED
    if any(map(keeps_for_everybody, marked)):
        yield KEPT


def why_nonces_unknown(page: Mapping[str, Any]) -> str:
    """Return why nobody can say whether a page's nonce changes, or an empty string."""
    marked = [answer for answer in _answers(page) if read_nonces(answer)]
    if len(marked) != 1:
        return ""
    return f"{marked[0]['url']} has a nonce, and no second answer to compare it with; observe again"


def _answers(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*page["chain"], *page["again"]]
