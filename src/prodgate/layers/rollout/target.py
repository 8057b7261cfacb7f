"""Where a rollout is observed: the account that the criteria name, or a rehearsal that deploys."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from ...aws.account import WORKERS, Account
from ...aws.answers import Unreadable
from ...aws.calls import LiveCalls
from ...aws.clients import Clients, rehearsal_clients
from ...aws.sessions import open_account
from ...engines.environments import EngineError
from ...sections.rollout import RolloutSection, Watching
from ...terraform.diagnostics import TerraformError
from ..layer import LayerContext
from ..live.observing import make_account
from ..live.target import DAGS
from ..named_site import require_account
from ..own_site import require_sample
from ..rehearsal import Rollout, load_rehearsal
from ..static.repository import ProjectView

#: The build that a rehearsal deploys over, and the one that must be deployed without anybody noticing.
OLD: Final = "blue"
GOOD: Final = "green"


@dataclass(slots=True, kw_only=True)
class Scene:
    """A system in which a deployment can be followed."""

    place: str
    """Its name for people; the same in every run."""
    look: Callable[[], Account]
    """Returns the account as it is now, without any response from before."""
    url: str
    """Where visitors reach the site; empty if nothing states it."""
    watching: Watching
    rollout: Rollout | None = None
    """The deployment that a rehearsal carries out; None on a real account, where the gate deploys nothing."""
    deployments: list[Mapping[str, Any]] = field(default_factory=list)
    """Evidence of the deployments that were followed, once they were; one for each service."""
    visit: Mapping[str, Any] | None = None
    """Evidence of a reader's visit to what was deployed, once there was one."""
    journeys_before_shift: Mapping[str, Any] | str = ""
    """Evidence of the journeys on the build before, between the migrations and the shift; else why there is none."""
    watched: Mapping[str, Any] | None = None
    """The record of the watch of a deployment that was carried out here."""


def require_section(context: LayerContext) -> RolloutSection:
    """Return the [rollout] section. Raises Unreadable when there is none."""
    if context.stated.rollout is None:
        raise Unreadable(
            f'{context.stated.path}: says not how a deployment is watched; write [rollout] with rate = "50 /s" and '
            'limit = "2 h"'
        )
    return context.stated.rollout


@contextmanager
def open_scene(context: LayerContext) -> Iterator[Scene]:
    """Open the system in which a deployment is followed. Raises Unreadable with what to do, and UsageError."""
    section = require_section(context)
    if context.target.rehearsal:
        with _open_rehearsal(context, section) as scene:
            yield scene
        return
    id_, region = require_account(context), context.target.region
    clients = open_account(context.target.profile, region, id_).clients
    url = context.stated.e2e.base_url if context.stated.e2e else ""
    with looking(context, clients, id_, region) as look:
        yield Scene(place=f"{id_} in {region}", look=look, url=url, watching=section.watching)


@contextmanager
def _open_rehearsal(context: LayerContext, section: RolloutSection) -> Iterator[Scene]:
    require_sample(context, "a deployment")
    root = context.stated.applied_root
    if not root:
        raise Unreadable(f'{context.stated.path}: names no Terraform root to rehearse; write [terraform] root = "path"')
    opened = load_rehearsal().open_rollout(
        context.project / root,
        context.make_folder("rollout"),
        var_files=context.var_files,
        account=context.stated.account,
        dags=context.project / DAGS,
        speed=section.speed,
        shared=context.shared_account,
        progress=context.progress_of("rollout"),
    )
    with ExitStack() as stack:
        try:
            rollout = stack.enter_context(opened)
        except (TerraformError, EngineError) as error:
            raise Unreadable(str(error)) from error
        context.note("rollout", f"the data of the rehearsed site is kept in {rollout.kept_in}")
        made = rollout.account
        clients = rehearsal_clients(made.endpoint, made.region, reads=True)
        look = stack.enter_context(looking(context, clients, made.id, made.region))
        yield Scene(place="the rehearsal", look=look, url=rollout.url, watching=section.rehearsal, rollout=rollout)


@contextmanager
def looking(context: LayerContext, clients: Clients, id_: str, region: str) -> Iterator[Callable[[], Account]]:
    """Yield a function that returns a fresh account; samples made from its answers are stored, the answers are not."""
    project = ProjectView(context)
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="calls") as pool:

        def look() -> Account:
            about = {"id": id_, "region": region, "now": datetime.now(UTC).isoformat()}
            return make_account(LiveCalls(clients, account=id_), about, project, pool)

        yield look
