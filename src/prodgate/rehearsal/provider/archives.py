"""Zip archives that a configuration declares, such as a function's code, really packed so that they can be uploaded."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ..adapters.registry import Clients

#: The time of every file: the same files make the same archive.
_TIME: Final = (2020, 1, 1, 0, 0, 0)


def archive(config: Mapping[str, Any], _aws: Clients) -> Mapping[str, Any]:
    """Pack an archive, and return its digests. It is written only into the copy of the configuration."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in sorted(_files(config)):
            file.writestr(zipfile.ZipInfo(name, _TIME), content)
    data, place = packed.getvalue(), Path(config["output_path"])
    if place.resolve().is_relative_to(tempfile.gettempdir()):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    found = {name: hashlib.new(name, data) for name in ("md5", "sha1", "sha256", "sha512")}
    return {
        "id": found["sha1"].hexdigest(),
        "output_size": len(data),
        "output_md5": found["md5"].hexdigest(),
        "output_sha": found["sha1"].hexdigest(),
        "output_sha256": found["sha256"].hexdigest(),
        "output_sha512": found["sha512"].hexdigest(),
        "output_base64sha256": b64encode(found["sha256"].digest()).decode(),
        "output_base64sha512": b64encode(found["sha512"].digest()).decode(),
    }


def _files(config: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    for each in config["source"] or ():
        yield each["filename"], each["content"].encode()
    if config["source_content"] is not None:
        yield config["source_content_filename"] or "", config["source_content"].encode()
    if config["source_file"]:
        yield Path(config["source_file"]).name, Path(config["source_file"]).read_bytes()
    if config["source_dir"]:
        top, left_out = Path(config["source_dir"]), frozenset(config["excludes"] or ())
        for path in top.rglob("*"):
            name = path.relative_to(top)
            if path.is_file() and not left_out & {each.as_posix() for each in (name, *name.parents)}:
                yield name.as_posix(), path.read_bytes()
