"""Opens a real account: the stated one, with acceptable credentials, and really at AWS."""

import ipaddress
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from ..criteria import UsageError
from .answers import Absent, Unreadable
from .calls import LiveCalls
from .clients import Clients, Session, load_session

#: Domains of AWS's hosts.
_HOSTS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".aws.dev")
_PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


class WrongAccount(UsageError):
    """The credentials belong to another account or principal than was meant; the message says which."""


def open_session(profile: str, region: str, environment: Mapping[str, str], *, reads: bool = False) -> Session:
    """Return a session with the credentials of a profile, or of the environment. Raises UsageError.

    This calls no service of AWS. Clients of a session that only ``reads`` have no other methods.
    """
    opened, configured = load_session(profile, region, reads=reads)
    if mistakes := [*_find_redirections(environment), *_find_configured_endpoints(configured)]:
        raise UsageError("\n".join(mistakes))
    return opened


def open_account(profile: str, region: str, stated: str, environment: Mapping[str, str] = os.environ) -> LiveCalls:
    """Return calls to the stated account, after asking which account it is and nothing else. Raises UsageError."""
    calls, identity = _open(profile, region, environment)
    arn, account = identity["Arn"], identity["Account"]
    if account != stated:
        raise WrongAccount(f"{arn}: is of account {account}, and the criteria are about account {stated}; use its role")
    _check_caller(arn, environment)
    return replace(calls, account=account)


def open_whichever(profile: str, region: str, environment: Mapping[str, str] = os.environ) -> tuple[LiveCalls, str]:
    """Return calls to whatever account the credentials belong to, and which that is. Raises UsageError."""
    calls, identity = _open(profile, region, environment)
    _check_caller(identity["Arn"], environment)
    return replace(calls, account=identity["Account"]), identity["Account"]


def _open(profile: str, region: str, environment: Mapping[str, str]) -> tuple[LiveCalls, Mapping[str, Any]]:
    opened = open_session(profile, region, environment, reads=True)
    calls = LiveCalls(Clients(opened, region, reads=True, foreign=_is_foreign))
    _refuse_keys(opened, environment)
    try:
        identity = calls.pages("sts", "GetCallerIdentity", region, {}, whole=False)[0]
    except (Unreadable, Absent) as error:
        whose = f"profile {profile!r}" if profile else "the environment's credentials"
        raise UsageError(f"{whose}: no account could be opened: {error}") from None
    return calls, identity


def open_for_drill(profile: str, region: str, stated: str, environment: Mapping[str, str] = os.environ) -> Clients:
    """Return clients of the stated account that may change something. Raises UsageError."""
    open_account(profile, region, stated, environment)
    return Clients(open_session(profile, region, environment), region, foreign=_is_foreign)


def open_elsewhere(profile: str, region: str, environment: Mapping[str, str] = os.environ) -> Clients:
    """Return clients of whatever account the credentials belong to, to keep evidence there. Raises UsageError."""
    opened = open_session(profile, region, environment)
    _refuse_keys(opened, environment)
    return Clients(opened, region, foreign=_is_foreign)


def _check_caller(arn: str, environment: Mapping[str, str]) -> None:
    if arn.endswith(":root"):
        raise WrongAccount(f"{arn}: is the root user, who may do anything; use the gate's role")
    if ":user/" in arn and environment.get("CI"):
        raise WrongAccount(f"{arn}: is a user with long-lived keys; let the CI take the gate's role")


def _refuse_keys(opened: Session, environment: Mapping[str, str]) -> None:
    try:
        credentials = opened.get_credentials()
        key = credentials.get_frozen_credentials().access_key if credentials else ""
    except Exception as error:  # noqa: BLE001  a role that can't be assumed, an MFA code that can't be entered, …
        words = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(f"credentials: can't be used: {words}; log in again") from None
    if not key:
        raise UsageError("credentials: there are none; name a profile that has some: aws://PROFILE@REGION")
    if key.startswith("AKIA") and environment.get("CI"):
        raise UsageError("credentials: are long-lived keys of a user; let the CI take the gate's role for a while")


def _find_redirections(environment: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(environment):
        if name.startswith("AWS_ENDPOINT_URL"):
            yield f"{name}: sends calls to {environment[name]!r} instead of AWS; unset it"
    for name in _PROXIES:
        if _is_loopback(environment.get(name, "")):
            yield f"{name}: sends calls to {environment[name]!r}, on this machine; unset it"


def _find_configured_endpoints(profile: Mapping[str, Any]) -> Iterator[str]:
    if url := profile.get("endpoint_url"):
        yield f"endpoint_url of the profile: sends calls to {url!r} instead of AWS; take it out"
    if name := profile.get("services"):
        yield f"services of the profile: {name!r} may send calls elsewhere than to AWS; take it out"


def _is_foreign(host: str) -> bool:
    """Whether a host is not AWS's by its name, or resolves to this machine."""
    return not host.endswith(_HOSTS) or any(ipaddress.ip_address(each).is_loopback for each in _resolve_addresses(host))


def _resolve_addresses(host: str) -> set[str]:
    try:
        return {str(found[4][0]).partition("%")[0] for found in socket.getaddrinfo(host, 443)}
    except OSError:
        return set()  # the call itself reports that there is no such host


def _is_loopback(url: str) -> bool:
    name = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
