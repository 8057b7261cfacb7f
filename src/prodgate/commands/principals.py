"""The principals of an account as IAM lists them now, or of a kept run."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..aws.account import WORKERS, Account as Opened
from ..aws.answers import Absent, Unreadable
from ..aws.recording import recall
from ..aws.sessions import open_whichever
from ..criteria import UsageError
from ..evidence.artifacts import load_json
from ..evidence.runs import Run, read
from ..facts.live.policies import read_account as read_live
from ..iam.account import Account
from ..layers.live.observing import ACCOUNT, ANSWERS, make_account
from ..layers.static.principals import read_account as read_declared
from ..layers.static.repository import ProjectView
from ..sections.targets import parse_target
from ..semantics.unresolved import Unresolved
from ..terraform.serialization import from_json


def read_asked(url: str) -> Account:
    """Return the principals of the account that ``aws://PROFILE@REGION`` opens. Raises UsageError."""
    target = parse_target(url)
    if target.rehearsal:
        raise UsageError(
            f"iam {url}: the rehearsal holds what is declared; name its root, or write aws://PROFILE@REGION"
        )
    calls, own = open_whichever(target.profile, target.region)
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="calls") as pool:
        account = Opened(
            id=own, region=target.region, now=datetime.now(UTC), calls=calls, pool=pool,
            declared=lambda _: {}, files=lambda _: {},
        )  # fmt: skip
        try:
            return read_live(account)
        except (Unreadable, Absent) as error:
            raise UsageError(f"{url}: what IAM lists can't be read: {error}") from error


def read_kept(path: Path) -> Account:
    """Return the principals of a run, as of its beginning. Raises UsageError where it saw neither."""
    run = read(path)
    if about := _load(run, "live", ACCOUNT):
        recording = recall(_load(run, "live", ANSWERS))
        with ThreadPoolExecutor(1) as pool:
            opened = make_account(recording, about[0], ProjectView.from_evidence(about[0], path), pool)
            try:
                return read_live(opened)
            except (Unreadable, Absent) as error:
                raise UsageError(f"{path}: what IAM lists was not observed: {error}") from error
    for declared in _load(run, "static", "configuration"):
        try:
            return read_declared(from_json(declared), str(run.about["started"]))
        except Unresolved as error:
            raise UsageError(f"{path}: {error}; name a run of the layer live") from error
    raise UsageError(f"{path}: looked at no account and at no configuration; name a run of the layer live or static")


def _load(run: Run, layer: str, kind: str) -> list[Any]:
    return [load_json(run.path, fact["digest"]) for fact in run.facts_of(layer, kind)]
