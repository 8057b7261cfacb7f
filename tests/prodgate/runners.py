"""Step output that pipeline runners interpret as a command, by their own grammar."""

import re
from collections.abc import Iterator
from typing import Final

#: GitHub's, by ActionCommand of actions/runner: TryParseV2, then TryParse, on each line. Blanks are those of .NET.
_V2: Final = re.compile(
    r"[\t-\r\x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000 \u200b\ufeff]*::(?P<name>.*?)(?: .*?)?::"
)
_V1: Final = re.compile(r"##\[(?P<name>[^\] ]*)(?: [^\]]*)?\]")
_NAMES: Final = frozenset(
    [
        "add-mask",
        "add-matcher",
        "add-path",
        "debug",
        "echo",
        "endgroup",
        "error",
        "group",
        "notice",
        "remove-matcher",
        "save-state",
        "set-env",
        "set-output",
        "stop-commands",
        "warning",
        "internal-set-repo-path",
    ]
)
#: Of Azure's agents and of TeamCity.
_OTHERS: Final = re.compile(r"##(?P<name>vso|teamcity)\[", re.IGNORECASE)
#: Of GitLab's page of a job.
GITLAB_SECTION: Final = re.compile(r"section_(?:start|end):\d+:[\w.-]+(?:\[.*?\])?\r?\x1b\[0K")


def find_commands(output: str) -> Iterator[str]:
    """Yield the name of each command that a runner finds."""
    for line in re.split(r"\r\n|\r|\n", output):
        for found in (_V2.match(line), *_V1.finditer(line)):
            if found and found["name"].lower() in _NAMES:
                yield found["name"].lower()
        yield from (found["name"] for found in _OTHERS.finditer(line))
    yield from (found[0] for found in GITLAB_SECTION.finditer(output))
