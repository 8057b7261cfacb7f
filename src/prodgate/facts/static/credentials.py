"""Credentials in a repository's files, recognised by the formats that issuers give them."""

import codecs
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from ...semantics.secret_forms import FORMS, find_secret, list_assignments
from .. import Fact

#: Files larger than this, in bytes, are not read.
LARGEST: Final = 10_000_000

#: Seconds in which git must have listed the files.
_GIT_LIMIT: Final = 60.0
#: Beginnings of a text that is not in UTF-8; the longer marks first.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"),
)  # fmt: skip
#: Beginnings of pictures, sounds and fonts; text in UTF-16 would be chance in them.
PACKED: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"wOF2", b"OggS")
#: Files in which a name also announces a secret: what they assign runs in production. Tests assign made-up ones.
_ASSIGNING: Final = ("*.tfvars", "*.tfvars.json", ".github/workflows/*", ".gitlab-ci.yml", "dags/*.py", "*/dags/*.py")
_MADE_UP: Final = "*test*"
_SKIPPED: Final = frozenset({"node_modules", "venv", "__pycache__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryPart(Fact):
    """A folder or file at the top of a repository. ``subject`` is its name."""

    files: int
    """Number of files that were read."""
    credentials: tuple[str, ...]
    """Each credential as ``file:line: kind``; never the credential itself."""
    place: str = ""
    """``file:line`` of the first credential, by file and then by kind."""
    unseen: tuple[str, ...] = ()
    """Each file that was not read, as ``file: why``: its content is unknown."""


def observe_credentials(root: Path, exempt: Sequence[str]) -> dict[str, Any]:
    """Read the files below ``root`` that git tracks or does not ignore, but for matches of a pattern of ``exempt``.

    Returns ``{top: {"files": n, "credentials": [[file, line, kind], …], "unread": [[file, why], …]}}``.
    """
    found: dict[str, Any] = {}
    for name in _list_files(root):
        if any(fnmatchcase(name, pattern) for pattern in exempt) or not os.path.lexists(root / name):
            continue
        text, why = _read_text(root / name)
        part = found.setdefault(name.split("/")[0], {"files": 0, "credentials": [], "unread": []})
        part["files"] += not why
        part["unread"] += [[name, why]] if why else []
        part["credentials"] += [[name, line, kind] for line, kind in _find_credentials(name, text)]
    return found


def credential_facts(stored: Mapping[str, Any]) -> tuple[RepositoryPart, ...]:
    """Return the facts in a result of ``observe_credentials``."""
    return tuple(
        RepositoryPart(
            subject=top,
            files=part["files"],
            credentials=tuple(f"{file}:{line}: {kind}" for file, line, kind in part["credentials"]),
            unseen=tuple(f"{file}: {why}" for file, why in part.get("unread", ())),
            place=f"{part['credentials'][0][0]}:{part['credentials'][0][1]}" if part["credentials"] else "",
        )
        for top, part in sorted(stored.items())
    )


def _find_credentials(file: str, text: str) -> Iterator[tuple[int, str]]:
    for kind, form in FORMS.items():
        yield from ((text.count("\n", 0, match.start()) + 1, kind) for match in form.finditer(text))
    if any(fnmatchcase(file, each) for each in _ASSIGNING) and not fnmatchcase(file, _MADE_UP):
        for name, start, end in dict.fromkeys(list_assignments(text)):
            computed = file.endswith(".py") and (text[start - 1] not in "\"'" or "{" in text[start:end])
            if not computed and (why := find_secret(name, text[start:end])) and why not in FORMS:
                yield text.count("\n", 0, start) + 1, f"the value of {name}, by {why}"


def _list_files(root: Path) -> Iterator[str]:
    """Yield the files that git tracks or does not ignore, by their paths from ``root``.

    If git is missing or fails, yield all files outside of .git, node_modules, venv and __pycache__.
    """
    git = shutil.which("git")
    if git:
        command = [git, "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        listed = subprocess.run(  # noqa: S603
            command, capture_output=True, check=False, timeout=_GIT_LIMIT, env=environment
        )
        if listed.returncode == 0:
            yield from sorted(filter(None, listed.stdout.decode("utf-8", "surrogateescape").split("\0")))
            return
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and name != ".git")
        yield from sorted((Path(folder) / name).relative_to(root).as_posix() for name in files)


def _read_text(path: Path) -> tuple[str, str]:
    """Return the text of a file and "", or "" and why it was not read: then its content is unknown."""
    if path.is_symlink():
        return str(path.readlink()), ""  # git stores the path that it points to, and nothing else
    if path.is_dir():  # a submodule, or a repository inside of this one
        return "", "is a repository of its own"
    if path.exists() and not path.is_file():
        return "", "is no file but a pipe, a socket or a device"
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        return "", f"can't be read ({error.strerror})"
    if size > LARGEST:
        return "", f"has {size} bytes, more than {LARGEST}"
    return _decode(data)


def _decode(data: bytes) -> tuple[str, str]:
    """Return the text of a file; binary data byte by byte, and as every second byte, for UTF-16 without a mark."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace"), ""
    if b"\0" not in data:
        return data.decode("utf-8", "replace"), ""
    if data.startswith(PACKED):
        return data.decode("latin-1"), ""
    wide = (data[start::2].decode("latin-1") for start in (0, 1))
    return "\n".join([data.decode("latin-1"), *wide]), ""
