"""``prodgate init``: look at a repository, say what was found, and write the first files; nothing is written over."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from ..report.text import visible
from .first_files import write_first_files
from .first_pipelines import describe_rest
from .surveying import Survey, survey

_IGNORED: Final = "runs/"
_IGNORE: Final = f"# what prodgate run leaves\n{_IGNORED}\n"


def initialize(args: argparse.Namespace) -> int:
    """Write the first files of a folder, or print them. Raises UsageError when one of them is there."""
    folder: Path = args.directory
    if not folder.is_dir():
        raise UsageError(f"{folder}: is no folder; name the one that holds your repository")
    found = survey(folder)
    files = write_first_files(found)
    _print([f"found in {folder.resolve().name}:", *_describe(found)])
    if args.dry_run:
        _print(line for name, text in files.items() for line in (f"\n--- {name}", text.rstrip("\n")))
        _print(["\n--- .gitignore, added", _IGNORED] if _must_ignore(folder) else [])
        return 0
    if there := [name for name in files if os.path.lexists(folder / name)]:
        raise UsageError(
            f"{folder}: {' and '.join(there)} {'are' if there[1:] else 'is'} there, and nothing was written; "
            "see what would be by --dry-run, and take over what you miss"
        )
    _write(folder, files)
    where = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    rest = describe_rest(found.pipelines)
    _print([f"\nnext:   {where}prodgate run rehearsal:// --only static", *([f"        {rest}"] if rest else [])])
    return 0


def _describe(found: Survey) -> Iterator[str]:
    rest = f"; {', '.join(found.roots[1:])} not judged" if found.roots[1:] else ""
    yield f"  Terraform  {f'{found.roots[0]}{rest}' if found.roots else 'none'}"
    yield f"  account    {found.account or 'none (allowed_account_ids of the provider would name it)'}"
    yield f"  DAGs       {_describe_dags(found) if found.dags else 'none'}"
    yield f"  web app    {', '.join(found.sites) or 'none'}"
    yield f"  CI         {', '.join(found.pipelines) or 'none'}"


def _describe_dags(found: Survey) -> str:
    ids = ", ".join(each.dag_id for each in found.guesses.dags)
    missed = len(found.guesses.unread)
    unread = f"; {missed} {'places' if missed > 1 else 'place'} not read, which criteria.toml names" if missed else ""
    rest = f"; {', '.join(found.dags[1:])} not read" if found.dags[1:] else ""
    return f"{found.dags[0]}{f': {ids}' if ids else ''}{unread}{rest}"


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write all files, or none. Raises UsageError."""
    written: list[Path] = []
    ignored = _must_ignore(folder)
    try:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("x", encoding="utf-8") as file:  # one that came in between is not written over
                written.append(folder / name)
                file.write(text)
        if ignored:
            with (folder / ".gitignore").open("a", encoding="utf-8") as file:
                file.write(f"\n{_IGNORE}" if file.tell() else _IGNORE)
    except OSError as error:
        for path in written:
            path.unlink()
        place = error.filename or folder
        raise UsageError(f"{place}: {error.strerror}; nothing was written: make way for it, and try again") from None
    added = [f"  .gitignore (a line for {_IGNORED})"] if ignored else []
    _print(["wrote:", *(f"  {name}" for name in files), *added])


def _must_ignore(folder: Path) -> bool:
    """Whether git would take runs for files of the project, as far as one line says."""
    file = folder / ".gitignore"
    lines = file.read_text("utf-8", "replace").splitlines() if file.is_file() else []
    return not {line.strip().strip("/") for line in lines} & {_IGNORED.strip("/")}


def _print(lines: Iterator[str] | list[str]) -> None:
    sys.stdout.writelines("".join(f"{visible(part)}\n" for part in line.split("\n")) for line in lines)
