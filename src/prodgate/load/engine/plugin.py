"""Loaded by Locust after the project's own locustfile; replaces the waiting of its users by arrivals.

    locust -f loadtests/locustfile.py,src/prodgate/load/engine/plugin.py --headless -H https://www.example.org

with the settings in ``PRODGATE_LOAD`` (see ``prodgate.load.settings``). ``runner.run_load`` starts it like this, and
its module says what to set where workers run elsewhere.
"""

import os
import sys
from typing import Any

from locust import events
from locust.env import Environment

from prodgate.load.engine.attachment import RunRefused, attach
from prodgate.load.locust_errors import REFUSAL_PREFIX
from prodgate.load.settings import Settings


def attach_to_locust(environment: Environment, **_given: Any) -> None:
    """Attach to Locust, or end its process with a line that ``runner`` finds in its output."""
    try:
        attach(environment, Settings.read(os.environ))
    except (RunRefused, ValueError) as refusal:
        sys.exit(f"{REFUSAL_PREFIX}{refusal}")


_init: Any = events.init
_init.add_listener(attach_to_locust)
