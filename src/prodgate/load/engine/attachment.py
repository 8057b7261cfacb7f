"""Puts the arrivals into Locust: its one user, in a single process or in each worker, is the arrival process."""

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
    """The run can't start as requested; the message says why and what to do."""


def attach(environment: Environment, settings: Settings | None) -> None:
    """Replace the locustfile's users by arrivals that perform their tasks. Raises RunRefused."""
    runner = environment.runner
    if settings is None and not isinstance(runner, WorkerRunner):
        raise RunRefused(f"{VARIABLE} is not set; name the JSON file with the settings of the run")
    readers = list(environment.user_classes)
    environment.shape_class = None  # a shape would set the number of users; here it is always the one below
    try:
        tasks = WeightedTasks(readers)
        if not isinstance(runner, MasterRunner):
            disable_retries()
            check_drops_are_reported()
            sender = Sender(environment, tasks)
            environment.user_classes[:] = [_build_user_class(sender.run)]
        else:
            environment.user_classes[:] = [_build_user_class(_do_nothing)]
    except (UnusableLocustfile, UntrustedLibrary) as error:
        raise RunRefused(str(error)) from error
    if settings is not None and not isinstance(runner, WorkerRunner):
        names = frozenset(name for each in readers for name in cacheable_requests(each))
        Coordinator(environment, settings, cacheable=names)


def _do_nothing() -> None:
    """The task of the master's user, which is never started."""


def _build_user_class(run: Callable[[], None]) -> type[User]:
    class Arrivals(User):
        """The arrival process. Locust starts one in each process and waits for it when it ends."""

        @task
        def arrive(self) -> None:
            """Perform all arrivals."""
            run()
            raise StopUser

    return Arrivals
