"""Where the system that is judged runs: a target, or the cells of many accounts and regions."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ..criteria import LAYERS, UsageError, suggest
from .fields import Key, many, one_of, table, text

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


# ── [[cells]]: accounts, regions and layers that are observed one by one, and decided about together

_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
#: The name of a cell.
NAME: Final = re.compile(rf"(?P<account>{_ACCOUNT.pattern})/(?P<region>{_REGION.pattern})/(?P<layer>[a-z0-9]+)")


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
        """Its name: ``111111111111/ap-northeast-1/live``."""
        return f"{self.account}/{self.region}/{self.layer}"


def _make(accounts: Any, regions: Any, layers: Any = ("live",), profile: str = "") -> tuple[Cell, ...]:
    return tuple(
        Cell(
            account=account,
            region=region,
            layer=layer,
            target=f"aws://{profile.replace('{account}', account)}@{region}" if profile else f"aws://{region}",
        )
        for account in accounts
        for region in regions
        for layer in layers
    )


_TABLE: Final = table(
    _make,
    'accounts = ["111111111111"] and regions = ["ap-northeast-1"]',
    {
        "accounts": Key(
            kind=many(
                text("twelve digits, e.g. '111111111111'", _ACCOUNT.fullmatch),
                'twelve digits each, each once, e.g. ["111111111111"]',
                least=1,
                once=True,
            ),
            meaning="Accounts, twelve digits each.",
            example='["111111111111"]',
        ),
        "regions": Key(
            kind=many(
                text("the name of a region, e.g. 'ap-northeast-1'", _REGION.fullmatch),
                'names of regions, each once, e.g. ["ap-northeast-1"]',
                least=1,
                once=True,
            ),
            meaning="Regions; each account is looked at in each of them.",
            example='["ap-northeast-1"]',
        ),
        "layers": Key(
            kind=many(
                one_of(*LAYERS),
                f'layers of {", ".join(LAYERS)}, each once, e.g. ["live"]',
                least=1,
                once=True,
            ),
            meaning="Layers that are observed there.",
            usual=["live"],
        ),
        "profile": Key(
            kind=text(
                "the name of a profile, e.g. 'gate-{account}'", re.compile(r"([\w.+=,-]|\{account\})+").fullmatch
            ),
            meaning="A profile of AWS's configuration, in which `{account}` stands for the account; left out for the "
            "environment's credentials.",
            usual="",
        ),
    },
)
CELLS: Final = many(
    _TABLE, '[[cells]] with accounts = ["111111111111"] and regions = ["ap-northeast-1"]', least=1, place="[{}]"
)


def cells_mistakes(tables: Any) -> Iterator[str]:
    """Say what is wrong with the tables, one line each."""
    mistakes = [*CELLS.find("cells", tables)]
    yield from mistakes
    seen: dict[str, int] = {}
    for number, cells in enumerate(() if mistakes else CELLS.read(tables), start=1):
        for cell in cells:
            if (other := seen.setdefault(cell.name, number)) != number:
                yield f"cells[{number}]: names {cell.name}, as cells[{other}] does; name each cell once"


def parse_cells(tables: Any) -> tuple[Cell, ...]:
    """Read tables that have no mistakes."""
    return tuple(cell for cells in CELLS.read(tables) for cell in cells)


def read_cell(name: str, target: str) -> Cell:
    """Return the cell of that name. Raises UsageError for what is no name of a cell, or no target."""
    match = NAME.fullmatch(name)
    if not match or match["layer"] not in LAYERS:
        raise UsageError(f"{name!r}: is no cell; write ACCOUNT/REGION/LAYER, such as 111111111111/ap-northeast-1/live")
    parse_target(target)
    return Cell(**match.groupdict(), target=target)
