"""The end-to-end layer: what a person can do at the site, in a real browser, and what the site answers without one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..aws.answers import Unreadable
from ..facts import Facts
from .layer import Observation
from .looking import LookingLayer, Seen, Stored


class E2eLayer(LookingLayer):
    """Opens the pages of a site, carries out journeys there, and probes it."""

    name = "e2e"
    #: Journeys are tests of pytest and no checks, so their folder is not among these.
    folders: tuple[str, ...] = ("e2e/quality", "e2e/release", "e2e/probes")
    about = "the site"

    def looked(self, at: Observation, unreadable: dict[str, str]) -> Iterator[Seen]:
        """Open the site, and look at it."""
        from .e2e_looking import looked  # noqa: PLC0415  judging needs nothing of it
        from .e2e_target import opened  # noqa: PLC0415

        if at.stated.e2e is None:
            raise Unreadable(f"{at.stated.path}: says nothing of the site; write [e2e] with base_url and pages")
        with opened(at, at.stated.e2e) as target:
            yield from looked(target, at.stated.e2e, at, unreadable)

    def lacking(self, stored: Iterable[Stored]) -> Iterable[str]:
        """Return the kinds of evidence that are not there."""
        from .e2e_kinds import KINDS  # noqa: PLC0415  every command imports the layer itself

        there = {kind for kind, _ in stored}
        return [kind for kind in KINDS if kind not in there]

    def facts_of(self, stored: Iterable[Stored], unreadable: Mapping[str, str]) -> Facts:
        """Return what is known of stored evidence; ``unreadable`` is by kind of evidence."""
        from .e2e_kinds import facts_of  # noqa: PLC0415  every command imports the layer itself

        return facts_of(stored, unreadable)
