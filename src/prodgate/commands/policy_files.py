"""The gate's policy as files, one for each managed policy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..criteria import UsageError


def write_policies(folder: Path, policies: Sequence[Mapping[str, Any]]) -> Iterator[Path]:
    """Write one file for each policy and yield its path.

    Raises UsageError for a folder that can't be written, and one in which a file of an earlier time would be left.
    """
    written = {folder / f"prodgate-reads-{number}.json": policy for number, policy in enumerate(policies, start=1)}
    if old := sorted(set(folder.glob("prodgate-reads-*.json")) - written.keys()):
        raise UsageError(f"{old[0]}: is of an earlier time, and no part of the policy now; delete it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, policy in written.items():
            path.write_text(json.dumps(policy, indent=2) + "\n", "utf-8")
            yield path
    except OSError as error:
        raise UsageError(f"{folder}: can't be written: {error.strerror}; name another folder") from None
