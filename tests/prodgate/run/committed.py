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


def git(root: Path, *words: str) -> str:
    """Return the output of git in a repository."""
    who = ("-c", "user.name=x", "-c", "user.email=x@example.invalid")
    done = subprocess.run(("git", "-C", str(root), *who, *words), check=True, capture_output=True, text=True)
    return done.stdout.strip()
