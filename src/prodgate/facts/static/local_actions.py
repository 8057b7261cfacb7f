"""Actions that live in the repository itself: what a step runs with ``uses: ./path`` is read like the step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from .yaml_nodes import Node, YamlError, parse_yaml

#: The names that GitHub looks for in the directory of an action.
NAMES: Final = ("action.yml", "action.yaml")


def is_action(file: str) -> bool:
    """Whether a file says what an action does, rather than a workflow."""
    return PurePosixPath(file).name in NAMES


def read_actions(project: Path, texts: Mapping[str, str], read: Callable[[Path, str], str]) -> dict[str, str]:
    """Return the text of each local action that workflows reach, also through other actions, by its path."""
    found: dict[str, str] = {}
    waiting = list(texts.values())
    while waiting:
        for uses in _list_local(waiting.pop()):
            for name in NAMES:
                file = os.path.normpath(PurePosixPath(uses, name))
                if file not in found and not file.startswith("..") and (project / file).is_file():
                    found[file] = read(project / file, file)
                    waiting.append(found[file])
    return found


def list_steps(text: str) -> Iterator[Node]:
    """Yield the steps of a composite action; the image of one that runs in a container counts as its only step.

    Raises YamlError.
    """
    runs = parse_yaml(text).at("runs")
    yield from runs.at("steps").nodes()
    image = runs.at("image")
    if image.text().startswith("docker://"):
        yield Node({"uses": image}, image.line)


def _list_local(text: str) -> Iterator[str]:
    try:
        root = parse_yaml(text)
    except YamlError:
        return  # whoever reads the file says so
    jobs = [job for _, job in root.at("jobs").items()]
    for step in (step for part in (*jobs, root.at("runs")) for step in part.at("steps").nodes()):
        if step.at("uses").text().startswith("./"):
            yield step.at("uses").text()
