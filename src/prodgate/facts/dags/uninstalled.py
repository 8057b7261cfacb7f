"""DAG files that import what is not installed where they are imported: not known to be broken, nor to be well."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_NO_MODULE: Final = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
#: A library of the machine, which no requirement brings.
_NO_LIBRARY: Final = re.compile(r"(?:ImportError|OSError): ([\w.+-]+\.so[\w.]*): cannot open shared object file")
#: Names below which several distributions of providers share a package.
_SHARED: Final = frozenset({"apache", "atlassian", "cncf", "common", "dbt", "microsoft"})
#: What Python itself no longer has, and no package brings back.
_REMOVED: Final = frozenset({"asynchat", "asyncore", "distutils", "imp", "smtpd"})
_PROVIDERS: Final = ["airflow", "providers"]


def find_uninstalled(stored: Mapping[str, Any]) -> Mapping[str, str]:
    """Return by file the module or the library that it lacks, of those whose import says nothing of the file.

    Where the team's own requirements are installed, and for a module of the DAG folder itself, the file is broken.
    """
    errors = stored["bag"].get("import_errors", {})
    libraries = {file: lib[1] for file, text in errors.items() if (lib := _NO_LIBRARY.search(_last_line(text)))}
    if stored.get("requirements"):
        return libraries
    found = {file: _find_module(text) for file, text in errors.items()}
    modules = {file: module for file, module in found.items() if module and _is_of_others(module, stored["files"])}
    return modules | libraries


def explain_uninstalled(folder: str, lacking: Mapping[str, str]) -> str:
    """Say which files can't be judged, and what to do; empty when there are none."""
    if not lacking:
        return ""
    names = ", ".join(f"{folder}/{file} imports {module!r}" for file, module in sorted(lacking.items())[:5])
    rest = f" and {len(lacking) - 5} more files the like" if len(lacking) > 5 else ""
    if all(".so" in each for each in lacking.values()):
        return f"{names}{rest}, a library that this machine lacks; install the system's package that holds it"
    return f'{names}{rest}, which is not installed here; write requirements = "requirements.txt" in [airflow]'


def _find_module(text: str) -> str:
    """Return the module that is missing; a package that can do without it until it is used may say so in its words."""
    last = _last_line(text)
    found = _NO_MODULE.search(last) or (_NO_MODULE.search(text) if last.startswith("ImportError: ") else None)
    return found[1] if found else ""


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _is_of_others(module: str, files: Sequence[str]) -> bool:
    """Whether a module is missing as a whole: of one that is installed in part, the full name of the part is told."""
    parts = module.split(".")
    if parts[:2] == _PROVIDERS:
        return len(parts) == (4 if len(parts) > 2 and parts[2] in _SHARED and len(parts) > 3 else 3)
    own = any(file == f"{module}.py" or file.startswith(f"{module}/") for file in files)
    return len(parts) == 1 and module not in _REMOVED and not own
