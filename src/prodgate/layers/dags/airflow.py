"""Opening the Airflow that is observed: the one that the criteria name, or one that a rehearsal starts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

from ...airflow.direct import Access, HttpTransport, Login, Token
from ...airflow.mwaa import MwaaTransport
from ...airflow.transport import Transport
from ...aws.account import Account
from ...aws.answers import Unreadable
from ...aws.calls import LiveCalls
from ...canaries.drill_records import find_latest_drill
from ...collected.references import Secret, resolve, secret_reader
from ...sections.dags import AirflowSection
from ..layer import LayerContext
from ..named_site import require_account, why_no_account
from .target import DagsTarget, NoAccount, in_account


def open_target(context: LayerContext, section: AirflowSection) -> AbstractContextManager[DagsTarget]:
    """Open the Airflow while the context is open. Raises Unreadable with what to do, and UsageError."""
    if context.target.rehearsal:
        from .rehearsal import rehearsing  # noqa: PLC0415  boto3 and the emulator take long to import

        return rehearsing(context, section)
    if (reason := why_no_account(context)) and section.url:
        return _open_alone(context, section, reason)
    return _open_real(context, section)


@contextmanager
def _open_real(context: LayerContext, section: AirflowSection) -> Iterator[DagsTarget]:
    from ...aws.clients import Clients  # noqa: PLC0415  boto3 takes as long to import as all the rest
    from ...aws.sessions import open_account, open_session  # noqa: PLC0415

    account_id = require_account(context)
    calls = open_account(context.target.profile, context.target.region, account_id)
    secrets = secret_reader(
        Clients(open_session(context.target.profile, context.target.region, os.environ), context.target.region)
    )
    with in_account(context, calls, account_id, context.target.region) as account:
        transport = _transport(section, calls, context.target.region, secrets)
        yield _make_target(context, section, transport=transport, account=account, secret=secrets)


@contextmanager
def _open_alone(context: LayerContext, section: AirflowSection, reason: str) -> Iterator[DagsTarget]:
    """Open an Airflow at a URL where no account is known: whatever asks one is told ``reason``."""
    nobody = NoAccount(reason)
    transport = HttpTransport(section.url, _access(section, nobody.secret))
    with in_account(context, nobody, "", context.target.region) as account:
        yield _make_target(context, section, transport=transport, account=account, secret=nobody.secret)


def _make_target(
    context: LayerContext, section: AirflowSection, *, transport: Transport, account: Account, secret: Secret
) -> DagsTarget:
    dags = [dag.declared for dag in section.dags.values()]
    return DagsTarget(
        place=section.url or f"{section.environment} in {context.target.region}",
        transport=transport,
        account=account,
        dags=dags,
        since=datetime.now(UTC) - max(dag.window for dag in dags),
        canary=lambda: _read_drill(context, section),
        secret=secret,
        environment=section.environment,
        variables=os.environ,
    )


def _transport(section: AirflowSection, calls: LiveCalls, region: str, secret: Secret) -> Transport:
    if section.environment:
        return MwaaTransport(calls, section.environment, region)
    return HttpTransport(section.url, _access(section, secret))


def _access(section: AirflowSection, secret: Secret) -> Access:
    """Return the credentials for an Airflow at a URL. Raises Unreadable for a reference that leads nowhere."""
    if section.token:
        return Token(resolve(section.token, os.environ, secret))
    if section.username or section.password:
        return Login(*(resolve(each, os.environ, secret) for each in (section.username, section.password)))
    return None


def _read_drill(context: LayerContext, section: AirflowSection) -> Mapping[str, Any]:
    """Return the record of the last drill. Raises Unreadable when there is none."""
    found = find_latest_drill(context.run.parent, context.target.url)
    if found is None:
        again = f"prodgate drill dag {section.canary or 'NAME'} {context.target.url}"
        raise Unreadable(f"no drill is on record; {again} makes one")
    return found
