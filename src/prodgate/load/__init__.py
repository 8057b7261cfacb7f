"""The load side: arrivals that wait for no answer, driven by Locust in a process of its own, and their exact record.

What a project writes is an ordinary locustfile; ``runner.run_load`` runs it under a ``profile.Profile``.
"""

from pathlib import Path
from typing import Final

#: The file that Locust loads after the project's locustfile.
PLUGIN: Final = Path(__file__).parent / "engine" / "plugin.py"
