"""Load tests: arrivals that wait for no answer, driven by Locust in its own process, and an exact record of them.

What a project writes is an ordinary locustfile; ``runner.run_load`` runs it under a ``profile.Profile``.
"""

from pathlib import Path
from typing import Final

#: The file that Locust loads after the project's locustfile.
PLUGIN: Final = Path(__file__).parent / "engine" / "plugin.py"
