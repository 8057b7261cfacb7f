"""Loaded by Locust after the project's own locustfile; replaces the waiting of its users by arrivals.

    locust -f loadtests/locustfile.py,src/prodgate/load/engine/plugin.py --headless -H https://www.example.org

with the settings in ``PRODGATE_LOAD`` (see ``prodgate.load.profile``). ``runner.run_load`` starts it like this, and
its module says what to set where workers run elsewhere.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from locust import User, events, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from prodgate.load.engine.arrivals import (
    Sender,
    UnusableLocustfile,
    WeightedTasks,
    cacheable_requests,
    refuse_unmeasured,
)
from prodgate.load.engine.connections import UntrustedLibrary, check_drops_are_reported, disable_retries
from prodgate.load.engine.coordinator import Coordinator
from prodgate.load.profile import VARIABLE, Settings
from prodgate.load.runner import REFUSAL_PREFIX


class RunRefused(Exception):
    """The run can't start as requested; the message says why and what to do."""


def attach_to_locust(environment: Environment, **_given: Any) -> None:
    """Attach to Locust, or end its process with a line that ``runner`` finds in its output."""
    try:
        attach(environment, Settings.read(os.environ))
    except (RunRefused, UnusableLocustfile, UntrustedLibrary, ValueError) as refusal:
        sys.exit(f"{REFUSAL_PREFIX}{refusal}")


def attach(environment: Environment, settings: Settings | None) -> None:
    """Replace the locustfile's users by arrivals that perform their tasks, in a single process or in each worker.

    Raises RunRefused, UnusableLocustfile or UntrustedLibrary.
    """
    runner = environment.runner
    if settings is None and not isinstance(runner, WorkerRunner):
        raise RunRefused(f"{VARIABLE} is not set; name the JSON file with the settings of the run")
    readers = list(environment.user_classes)
    refuse_unmeasured(environment, readers)
    tasks = WeightedTasks(readers)
    if not isinstance(runner, MasterRunner):
        disable_retries()
        environment.user_classes[:] = [_build_user_class(Sender(environment, tasks).run)]
        check_drops_are_reported()  # last, since a master that knows of this worker begins while it waits for answers
    else:
        environment.user_classes[:] = [_build_user_class(lambda: None)]  # never started
    if settings is not None and not isinstance(runner, WorkerRunner):
        names = frozenset(name for each in readers for name in cacheable_requests(each))
        Coordinator(environment, settings, cacheable=names)


def _build_user_class(run: Callable[[], None]) -> type[User]:
    class Arrivals(User):
        """The arrival process. Locust starts one in each process and waits for it when it ends."""

        @task
        def arrive(self) -> None:
            """Perform all arrivals."""
            run()
            raise StopUser

    return Arrivals


_init: Any = events.init
_init.add_listener(attach_to_locust)
