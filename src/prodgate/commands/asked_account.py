"""The principals of an account, as IAM lists them now: asked with somebody's credentials, by calls that only read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from ..aws.account import WORKERS, Account
from ..aws.answers import Absent, Unreadable
from ..aws.sessions import open_whichever
from ..criteria import UsageError
from ..facts.live.principals import read_account
from ..iam.account import Account as Known
from ..sections.targets import parse_target


def read_asked(url: str) -> Known:
    """Return the principals of the account that ``aws://PROFILE@REGION`` opens. Raises UsageError."""
    target = parse_target(url)
    if target.rehearsal:
        raise UsageError(
            f"iam {url}: the rehearsal holds what is declared; name its root, or write aws://PROFILE@REGION"
        )
    calls, own = open_whichever(target.profile, target.region)
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="calls") as pool:
        account = Account(
            id=own, region=target.region, now=datetime.now(UTC), calls=calls, pool=pool,
            declared=lambda _: {}, files=lambda _: {},
        )  # fmt: skip
        try:
            return read_account(account)
        except (Unreadable, Absent) as error:
            raise UsageError(f"{url}: what IAM lists can't be read: {error}") from error
