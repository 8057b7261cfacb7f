"""A project that git holds."""

import subprocess
from pathlib import Path

CRITERIA = """system = "shop"

[terraform]
root = "infra"

[criteria.truth]
statement = { en = "It is ready.", ja = "準備ができている。" }
why = "It is not, unless somebody says so."
source = "X-1"
layers = ["static"]
"""


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")
    subprocess.run(("git", "-C", str(root), *who, *words), check=True, capture_output=True)
