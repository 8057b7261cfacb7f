"""Account Management: regions that an account has not enabled, in which its credentials are nobody's.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .calls import Call
from .extension import Ledger, Refused, answers

#: Where Account Management is, and what it keeps of a region that is disabled.
HOME, DISABLED = "us-east-1", "disabled"
#: What services say to credentials that they do not know, by the protocol in which they are asked.
_CODES: Final = {
    "ec2": ("AuthFailure", 401),
    "json": ("UnrecognizedClientException", 400),
    "rest-json": ("UnrecognizedClientException", 403),
    "rest-xml": ("InvalidToken", 400),
}
_OTHERWISE: Final = ("InvalidClientTokenId", 403)


@answers("account", "DisableRegion")
def disable_region(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let the account know nothing of a region."""
    ledger.of(DISABLED)[params["RegionName"]] = True
    return {}


@answers("account", "EnableRegion")
def enable_region(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Opt into a region."""
    ledger.of(DISABLED).pop(params["RegionName"], None)
    return {}


@answers("account", "GetRegionOptStatus")
def get_region_opt_status(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say whether a region is enabled; here, all are until somebody disables one."""
    status = "DISABLED" if params["RegionName"] in ledger.of(DISABLED) else "ENABLED"
    return {"RegionName": params["RegionName"], "RegionOptStatus": status}


def refuse_disabled(call: Call, kept: Ledger | None) -> None:
    """Raise Refused for a call to a region that is not enabled, by what Account Management holds, if anything."""
    if kept is not None and call.region in kept.of(DISABLED):
        code, status = _CODES.get(call.protocol, _OTHERWISE)
        raise Refused(code, "The security token included in the request is invalid", status)
