"""Puts the arrivals into Locust: one user that is the arrival process, in a single process or in each worker."""

from __future__ import annotations

from collections.abc import Callable

from locust import User, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from ..settings import VARIABLE, Settings
from .connections import Untrusted, send_once
from .keeper import Keeper
from .offers import Offers, Unusable
from .proof import prove
from .sender import Sender
from .session import cacheable


class Refused(Exception):
    """The run can't be made as asked; says why and what to do."""


def attach(environment: Environment, settings: Settings | None) -> None:
    """Let arrivals use the locustfile's users. Raises Refused."""
    runner = environment.runner
    if settings is None and not isinstance(runner, WorkerRunner):
        raise Refused(f"{VARIABLE} is not set; name the JSON file with the settings of the run")
    readers = list(environment.user_classes)
    environment.shape_class = None  # it says how many users there are: here, only the one below
    try:
        offers = Offers(readers)
        if not isinstance(runner, MasterRunner):
            send_once()
            prove()
            sender = Sender(environment, offers)
            environment.user_classes[:] = [_user(sender.run)]
        else:
            environment.user_classes[:] = [_user(_nothing)]
    except (Unusable, Untrusted) as error:
        raise Refused(str(error)) from error
    if settings is not None and not isinstance(runner, WorkerRunner):
        kept = frozenset(name for each in readers for name in cacheable(each))
        Keeper(environment, settings, cacheable=kept)


def _nothing() -> None:
    """What the master's own user would do, of which there is none."""


def _user(run: Callable[[], None]) -> type[User]:
    class Arrivals(User):
        """The arrival process. Locust starts one in each process and waits for it when it ends."""

        @task
        def arrive(self) -> None:
            """Perform all arrivals."""
            run()
            raise StopUser

    return Arrivals
