"""What of the repository itself its workflows run: actions and shell scripts, each read like the step that runs it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from .yaml_nodes import Node, YamlError, parse_yaml

#: The names that GitHub looks for in the directory of an action.
NAMES: Final = ("action.yml", "action.yaml")
_WORKFLOWS: Final = ".github/workflows"
#: A word that may be a shell script: it begins a command, or follows a shell.
_SCRIPT: Final = re.compile(
    r"(?:^|[\s;&|(\"'])((?:\$\{\{[^}]*\}\}/|\$[A-Z_]+/|\./|\.\./)*[\w.-]+(?:/[\w.-]+)*\.(?:sh|bash)|\./[\w./-]+)"
)
_ROOTS: Final = re.compile(r"^(?:\$\{\{\s*github\.workspace\s*\}\}|\$GITHUB_WORKSPACE)/")
_OF_ACTION: Final = re.compile(r"^(?:\$\{\{\s*github\.action_path\s*\}\}|\$GITHUB_ACTION_PATH)/")


def is_action(file: str) -> bool:
    """Whether a file says what an action does."""
    return PurePosixPath(file).name in NAMES and not is_workflow(file)


def is_workflow(file: str) -> bool:
    """Whether a file is a workflow."""
    return str(PurePosixPath(file).parent) == _WORKFLOWS and file.endswith((".yml", ".yaml"))


def read_local(project: Path, texts: Mapping[str, str], read: Callable[[Path, str], str]) -> dict[str, str]:
    """Return the text of each local action and shell script that workflows reach, also through others, by its path."""
    found: dict[str, str] = {}
    waiting = list(texts.items())
    while waiting:
        for file in _list_local(*waiting.pop()):
            if file in found or file in texts or (file.startswith((".", "/")) and not file.startswith(".github/")):
                continue
            if (project / file).is_file() and (project / file).resolve().is_relative_to(project.resolve()):
                found[file] = read(project / file, file)
                waiting.append((file, found[file]))
    return found


def find_action(uses: str, texts: Mapping[str, str]) -> str:
    """Return the path of the local action that a step uses, if it is known."""
    files = (os.path.normpath(PurePosixPath(uses, name)) for name in NAMES)
    return next((file for file in files if uses.startswith("./") and file in texts), "")


def list_steps(text: str) -> Iterator[Node]:
    """Yield the steps of a composite action; the image of one that runs in a container counts as its only step.

    Raises YamlError.
    """
    runs = parse_yaml(text).at("runs")
    yield from runs.at("steps").nodes()
    image = runs.at("image")
    if image.text().startswith("docker://"):
        yield Node({"uses": image}, image.line)


def list_scripts(script: str, folder: str, file: str) -> Iterator[tuple[str, str]]:
    """Yield words of a script that may run a shell script of the repository, with the path that each would have."""
    found = (re.sub(r"\{\{\s*(.*?)\s*\}\}", r"{{\1}}", word) for word in _SCRIPT.findall(script))
    for word in dict.fromkeys(found):
        if _OF_ACTION.match(word):
            yield word, os.path.normpath(PurePosixPath(file).parent / _OF_ACTION.sub("", word))
        elif _ROOTS.match(word):
            yield word, os.path.normpath(_ROOTS.sub("", word))
        elif "$" not in word:
            yield word, os.path.normpath(PurePosixPath(folder, word))


def _list_local(file: str, text: str) -> Iterator[str]:
    if not (is_workflow(file) or is_action(file)):
        yield from (path for _, path in list_scripts(text, "", file))
        return
    try:
        root = parse_yaml(text)
    except YamlError:
        return  # whoever reads the file says so
    jobs = [job for _, job in root.at("jobs").items()]
    for part in (*jobs, root.at("runs")):
        for step in part.at("steps").nodes():
            uses = step.at("uses").text()
            yield from (os.path.normpath(PurePosixPath(uses, name)) for name in NAMES if uses.startswith("./"))
            said = (
                step.at("working-directory"),
                *(one.at("defaults", "run", "working-directory") for one in (part, root)),
            )
            folder = next((text for one in said if (text := one.text())), "")
            yield from (path for _, path in list_scripts(step.at("run").text(), folder, file))
