"""The declarations and files of the project for the comparison with the account, stored beside its answers."""

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

from ...aws.answers import Unread, Unreadable
from ...evidence import journal
from ...evidence.artifacts import load_json
from ...processes.regular_files import digest_file
from ...semantics.unresolved import Unknown
from ...terraform.diagnostics import TerraformError
from ...terraform.evaluate import evaluate
from ...terraform.resources import REDACTED, Configuration
from ...terraform.serialization import from_json, to_json
from ..layer import LayerContext

#: Criterion: the configuration evaluates, and completely.
EVALUATES: Final = "terraform-evaluates"
_SKIPPED: Final = ("__pycache__", ".pytest_cache", ".terraform")


class ProjectView:
    """Answers ``declared`` and ``files`` for an account, and remembers its answers."""

    def __init__(self, context: LayerContext | None) -> None:
        self._context = context
        self._configuration: Configuration | str | None = None
        """The declared configuration, or why it can't be known; None until it is needed."""
        self._digest = ""
        self._files: dict[str, Mapping[str, str]] = {}
        self._declared: dict[str, Mapping[str, Mapping[str, Any]]] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_evidence(cls, stored: Mapping[str, Any], run: Path) -> Self:
        """Return a view that answers as it did in an earlier run."""
        seen = cls(None)
        seen._files = dict(stored["files"])
        seen._configuration = stored.get("undeclared") or "nothing that is declared was compared in that run"
        if stored.get("configuration"):
            seen._configuration = from_json(load_json(run, stored["configuration"]))
        return seen

    def to_json(self) -> dict[str, Any]:
        """Return the answers as JSON values."""
        why = self._configuration if isinstance(self._configuration, str) else ""
        return {"files": self._files, "configuration": self._digest, "undeclared": why}

    def declared(self, type_: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the resolved arguments of each declared resource of a type, by address. Raises Unreadable.

        An argument that is decided only by an apply, or is sensitive, is Unread.
        """
        with self._lock:
            if self._configuration is None:
                self._configuration = self._evaluate()
        if isinstance(self._configuration, str):
            raise Unreadable(self._configuration)
        if type_ not in self._declared:  # found twice at once, it is the same
            self._declared[type_] = {
                resource.address: {
                    name: _mark_unread(value, f"{resource.address}.{name}")
                    for name, value in redacted_arguments(resource)
                }
                for resource in self._configuration.of(type_)
            }
        return self._declared[type_]

    def files(self, folder: str) -> Mapping[str, str]:
        """Return the SHA-256 of each file below a folder of the project, by its path from there."""
        with self._lock:
            if folder not in self._files and self._context is not None:
                self._files[folder] = dict(_list_digests(self._context.project / folder))
        return self._files.get(folder, {})

    def _evaluate(self) -> Configuration | str:
        assert self._context is not None
        context, root = self._context, self._context.stated.terraform_root
        if (stored := find_configuration(context)) is not None:
            self._digest, configuration = stored
            return configuration
        if not root:
            return f'{context.stated.path}: names no Terraform root; write [terraform] root = "path"'
        try:
            found = evaluate_root(context)
        except TerraformError as error:
            return str(error)
        self._digest = context.store_fact("live", "configuration", root, to_json(found), found.engine)
        return found


def find_configuration(context: LayerContext) -> tuple[str, Configuration] | None:
    """Return the digest of the configuration that the static layer of this run evaluated, and the configuration."""
    for event in journal.read(context.journal.path):
        if (event["event"], event.get("layer"), event.get("kind")) == ("fact", "static", "configuration"):
            return event["digest"], from_json(load_json(context.run, event["digest"]))
    return None


def evaluate_root(context: LayerContext, layer: str = "", **given: Any) -> Configuration:
    """Evaluate the stated root; progress is reported as that of ``layer``, if given. Raises TerraformError."""
    stated = context.stated
    given |= {"base": context.project, "var_files": context.var_files, "account": stated.account, "zones": stated.zones}
    if layer:
        given["progress"] = context.progress_of(f"{layer}: {stated.terraform_root}")
    if stated.terraform_source:
        given["source"] = context.project / stated.terraform_source
    return evaluate(context.project / stated.terraform_root, **given)


def redacted_arguments(resource: Any) -> Iterator[tuple[str, Any]]:
    """Yield the arguments of a resource, with REDACTED for those that are sensitive."""
    yield from ((name, REDACTED if name in resource.sensitive else value) for name, value in resource.values.items())


def _mark_unread(value: Any, path: str) -> Any:
    if isinstance(value, Unknown):
        return Unread(f"{path} is sensitive" if value is REDACTED else f"{path} is known only after an apply")
    if isinstance(value, Mapping):
        return {key: _mark_unread(item, f"{path}.{key}") for key, item in value.items()}
    return [_mark_unread(item, path) for item in value] if isinstance(value, list | tuple) else value


def _list_digests(folder: Path) -> Iterator[tuple[str, str]]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for path in (Path(parent) / name for name in sorted(files)):
            if path.suffix != ".pyc" and path.is_file():
                yield path.relative_to(folder).as_posix(), digest_file(path)
