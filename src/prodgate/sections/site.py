"""The [site] section: whom else to trust when a site is asked, and in which networks it may be asked without TLS."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .validation import is_text_list, key_mistakes

_KEYS: Final = ("ca", "networks")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSection:
    """What [site] states."""

    ca: str = ""
    """File of a private authority's certificates, in PEM, which are trusted instead of the system's; relative to the
    criteria file.
    """
    networks: tuple[str, ...] = ()
    """Private networks in which a site may be asked over ``http://``, beside this machine itself."""


def parse_site_section(table: Mapping[str, Any]) -> SiteSection:
    """Read a section that has no mistakes."""
    return SiteSection(ca=table.get("ca", ""), networks=tuple(table.get("networks", ())))


def site_mistakes(table: Any) -> Iterator[str]:
    """Say what is wrong with the section, one line each."""
    if not isinstance(table, dict):
        yield f'site: is {table!r}; write [site] with ca = "ca.pem"'
        return
    yield from key_mistakes("site", table, _KEYS)
    if not isinstance(ca := table.get("ca", "ca.pem"), str) or not ca:
        yield f"site.ca: is {ca!r}; write the path of a file, e.g. 'ca.pem'"
    networks = table.get("networks", [])
    if not is_text_list(networks):
        yield f"site.networks: is {networks!r}; write a list of networks, e.g. ['10.20.0.0/16']"
        return
    for network in networks:
        if not _is_private(network):
            yield f"site.networks: {network!r} is no private network; write e.g. '10.20.0.0/16'"


def _is_private(network: str) -> bool:
    try:
        return ipaddress.ip_network(network).is_private
    except ValueError:
        return False
