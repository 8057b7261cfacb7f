"""Where the system that is judged runs."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from ..criteria import UsageError, suggest

_SCHEMES: Final = ("rehearsal", "aws", "https", "http")
_AWS: Final = re.compile(r"aws://(?:(?P<profile>[\w.+=,-]+)@)?(?P<region>[a-z]{2}(-[a-z]+)+-\d)")
#: Scheme, host and port of a site, and nothing in it: what stood behind would become a part of every path.
_SITE: Final = re.compile(
    r"https?://(?P<host>[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:(?P<port>[1-9]\d{0,4}))?/?"
)
#: The port that goes without saying.
_PORTS: Final = {"https": ":443", "http": ":80"}
#: Where the rehearsal account is.
_REHEARSAL_REGION: Final = "ap-northeast-1"


@dataclass(frozen=True, slots=True)
class Target:
    """A system to judge.

    ``url`` is ``rehearsal://``, ``aws://profile@region``, ``aws://region``, or the address of a site.
    """

    url: str

    @property
    def rehearsal(self) -> bool:
        """Whether this is the embedded rehearsal, whose evidence can never support a promotion."""
        return self.url.startswith("rehearsal:")

    @property
    def site(self) -> str:
        """The address of a site that is judged without an account, as browsers write it; empty for everything else."""
        return self.url if self.url.startswith(("https:", "http:")) else ""

    @property
    def profile(self) -> str:
        """The profile of AWS's configuration; empty for the credentials that the environment holds, as in CI."""
        match = _AWS.fullmatch(self.url)
        return (match and match["profile"]) or ""

    @property
    def region(self) -> str:
        """The region that the system runs in."""
        match = _AWS.fullmatch(self.url)
        return match["region"] if match else _REHEARSAL_REGION


def parse_target(url: str) -> Target:
    """Read a target. Raises UsageError that says what to write."""
    scheme = url.partition(":")[0]
    if "://" not in url or scheme not in _SCHEMES:
        hint = "" if scheme in _SCHEMES else suggest(scheme, _SCHEMES)
        raise UsageError(
            f"target {url!r}: is not a target; write rehearsal://, aws://PROFILE@REGION or https://HOST[:PORT]{hint}"
        )
    if scheme in _PORTS:
        return Target(_read_site(url))
    if scheme == "aws" and not _AWS.fullmatch(url):
        raise UsageError(f"target {url!r}: names no profile and region; write e.g. aws://prod@ap-northeast-1")
    if scheme == "rehearsal" and url != "rehearsal://":
        raise UsageError(f"target {url!r}: has more than the scheme; write rehearsal://")
    return Target(url)


def _read_site(url: str) -> str:
    """Return the address of a site as browsers write it. Raises UsageError."""
    site = url.lower()
    found = _SITE.fullmatch(site)
    if not found or int(found["port"] or 1) > 65535:
        shown = re.sub(r"//[^/]*@", "//", url)  # a password that was written here is not said again
        raise UsageError(f"target {shown!r}: is no address of a site alone; write https://HOST or https://HOST:PORT")
    scheme = site.partition(":")[0]
    if scheme == "http" and not may_be_near(found["host"].strip("[]")):
        raise UsageError(
            f"target {url!r}: http:// is for this machine and for private networks that [site] networks names; "
            f"write https://{found['host']}"
        )
    return site.removesuffix("/").removesuffix(_PORTS[scheme])


def may_be_near(host: str) -> bool:
    """Whether a host may be this machine or in a private network: of a name, its addresses decide."""
    if is_address(host):
        return ipaddress.ip_address(host).is_private
    return not re.fullmatch(r"[\d.]+", host)


def is_address(host: str) -> bool:
    """Whether a host is named by its address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def parse_account(url: str, unlike: str) -> Target:
    """Read the account that ``--via`` names; ``unlike`` says why the rehearsal is none. Raises UsageError."""
    target = parse_target(url)
    if target.rehearsal:
        raise UsageError(f"--via {url}: is the rehearsal, {unlike}; write aws://PROFILE@REGION")
    return require_account(target, "--via")


def require_account(target: Target, what: str) -> Target:
    """Return a target that has an account, which ``what`` needs. Raises UsageError for the address of a site."""
    if target.site:
        raise UsageError(f"{what} {target.url}: is a site, of which no account is known; write aws://PROFILE@REGION")
    return target
