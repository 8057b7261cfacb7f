"""Do the site's names lead to the distribution?"""

from prodgate import Criterion, check
from prodgate.facts.live import SiteName


@check("dns-points-at-distribution", remedy="Make every name an alias of the distribution: A, and AAAA with IPv6.")
def test_names_lead_to_the_distribution_that_lists_them(name: SiteName, criterion: Criterion) -> None:
    """Is this name an alias of the distribution that lists it, and of nothing else?

    A record that points at a distribution of somebody else, or at none, can be taken over.
    """
    criterion.hold(bool(name.served_by), expected="a distribution that lists the name", observed="none")
    if not name.zone:
        raise criterion.undetermined("no public hosted zone of this account answers for it")
    wanted = {(kind, name.served_by) for kind in name.needed}
    criterion.hold(
        set(name.points_at) == wanted, expected=_render_records(wanted), observed=_render_records(name.points_at)
    )


def _render_records(records: object) -> str:
    return ", ".join(f"{kind} {target}" for kind, target in sorted(records)) or "no record"  # type: ignore[call-overload]
