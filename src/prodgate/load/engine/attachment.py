"""Puts the arrivals into Locust: one user that is the arrival process, in a single process or in each worker."""

from __future__ import annotations

from collections.abc import Callable

from locust import User, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from ..settings import VARIABLE, Settings
from .connections import UntrustedLibrary, disable_retries
from .coordinator import Coordinator
from .drop_check import check_drops_are_reported
from .sender import Sender
from .session import cacheable_requests
from .tasks import UnusableLocustfile, WeightedTasks


class RunRefused(Exception):
    """The run can't be made as asked; says why and what to do."""


def attach(environment: Environment, settings: Settings | None) -> None:
    """Let arrivals use the locustfile's users. Raises Refused."""
    runner = environment.runner
    if settings is None and not isinstance(runner, WorkerRunner):
        raise RunRefused(f"{VARIABLE} is not set; name the JSON file with the settings of the run")
    readers = list(environment.user_classes)
    environment.shape_class = None  # it says how many users there are: here, only the one below
    try:
        offers = WeightedTasks(readers)
        if not isinstance(runner, MasterRunner):
            disable_retries()
            check_drops_are_reported()
            sender = Sender(environment, offers)
            environment.user_classes[:] = [_build_user_class(sender.run)]
        else:
            environment.user_classes[:] = [_build_user_class(_do_nothing)]
    except (UnusableLocustfile, UntrustedLibrary) as error:
        raise RunRefused(str(error)) from error
    if settings is not None and not isinstance(runner, WorkerRunner):
        kept = frozenset(name for each in readers for name in cacheable_requests(each))
        Coordinator(environment, settings, cacheable=kept)


def _do_nothing() -> None:
    """What the master's own user would do, of which there is none."""


def _build_user_class(run: Callable[[], None]) -> type[User]:
    class Arrivals(User):
        """The arrival process. Locust starts one in each process and waits for it when it ends."""

        @task
        def arrive(self) -> None:
            """Perform all arrivals."""
            run()
            raise StopUser

    return Arrivals
