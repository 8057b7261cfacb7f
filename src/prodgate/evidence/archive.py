"""A run in a bucket with Object Lock, where nobody can change or delete it until its date, and back from there.

s3://BUCKET/PREFIX/2026-11-24T130000Z-3f2a9c1/
  run.json, evidence/…, logs/…, and what else the run holds, each with its SHA-256, which S3 compares
  journal.jsonl    written last: an archive without it was not finished

The bucket keeps every version of an object. The oldest version is the one that was locked first, and restoring takes
that one, whatever was written over it.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final, Self

from ..criteria import UsageError
from ..processes.regular_files import OF_RUN, read_measured
from .journal import NAME

#: Requests under way at once.
_AT_ONCE: Final = 8
_URL: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<key>[A-Za-z0-9!_.*'()/-]*))?")
_RUN: Final = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z-[0-9a-f]{7}")


class ArchiveError(UsageError):
    """A run can't be archived or restored; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A bucket, and the prefix of the keys."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read ``s3://bucket/prefix``. Raises ArchiveError that says what to write."""
        match = _URL.fullmatch(url)
        if match is None:
            raise ArchiveError(f"{url!r}: names no bucket; write s3://BUCKET/PREFIX")
        return cls(bucket=match["bucket"], prefix=(match["key"] or "").strip("/"))

    def key(self, *parts: str) -> str:
        """Return the key of a path below the prefix."""
        return "/".join(filter(None, (self.prefix, *parts)))

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """How long an object stays: in ``COMPLIANCE`` nobody may delete it, in ``GOVERNANCE`` whoever has that right."""

    mode: str
    until: datetime


def archive_run(s3: Any, run: Path, place: Place, lock: Lock) -> Place:
    """Put every file of a run that was checked into a locked bucket; return where it is. Raises ArchiveError."""
    _require_lock(s3, place)
    there = Place(bucket=place.bucket, prefix=place.key(run.name))
    if [*_list_versions(s3, there.bucket, there.key(NAME))]:
        raise ArchiveError(f"{there}: is archived already; prodgate restore brings it back")
    files = [path for path in sorted(run.rglob("*")) if not path.is_dir() and path != run / NAME]
    if strange := [path for path in (*files, run / NAME) if path.is_symlink() or not path.is_file()]:
        raise ArchiveError(f"{strange[0]}: is no file of the run, but leads elsewhere; nothing was archived")
    _refuse_left_overs(s3, run, there)
    _each(lambda path: _put(s3, run, path, there, lock), files)
    _put(s3, run, run / NAME, there, lock)  # last, so that whoever finds it finds all
    return there


def _require_lock(s3: Any, place: Place) -> None:
    """Raise ArchiveError for a bucket in which an object can be deleted or is not kept when it is written over."""
    advice = "Object Lock is chosen when a bucket is made: aws s3api create-bucket --object-lock-enabled-for-bucket"
    try:
        found = s3.get_object_lock_configuration(Bucket=place.bucket)
        locked = found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "ObjectLockConfigurationNotFoundError":
            raise
        locked = False
    if not locked:
        raise ArchiveError(f"s3://{place.bucket}: has no Object Lock, so that anybody could delete a run; {advice}")
    if s3.get_bucket_versioning(Bucket=place.bucket).get("Status") != "Enabled":
        raise ArchiveError(f"s3://{place.bucket}: keeps no versions, so that a run could be written over; turn them on")


def _refuse_left_overs(s3: Any, run: Path, there: Place) -> None:
    """Raise ArchiveError if a failed attempt left a different file: restoring would take that one, as the oldest."""
    for file, (version, _) in _oldest_versions(s3, there).items():
        kept = s3.get_object(Bucket=there.bucket, Key=there.key(file), VersionId=version)["Body"].read()
        own = run / file
        if not own.is_file() or read_measured(own, OF_RUN) != kept:
            raise ArchiveError(
                f"{there}: holds another {file} of an attempt that failed, which would come back in its place; "
                "archive the run below another prefix"
            )


def _put(s3: Any, run: Path, path: Path, there: Place, lock: Lock) -> None:
    data = read_measured(path, OF_RUN)
    s3.put_object(
        Bucket=there.bucket,
        Key=there.key(path.relative_to(run).as_posix()),
        Body=data,
        ChecksumAlgorithm="SHA256",
        ChecksumSHA256=base64.b64encode(hashlib.sha256(data).digest()).decode("ascii"),
        ObjectLockMode=lock.mode,
        ObjectLockRetainUntilDate=lock.until,
    )


def _each(act: Callable[[Any], None], of: Sequence[Any]) -> None:
    """Call a function for each item, several at a time; the first failure is raised."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(act, of))


def restore_run(s3: Any, there: Place, into: Path) -> tuple[Path, tuple[str, ...]]:
    """Bring a run back; return its directory, and what was done to the archive since. Raises ArchiveError.

    Checks only that the archive is complete: read the run to learn whether it is what was written.
    """
    name = PurePosixPath(there.prefix).name
    if not _RUN.fullmatch(name):
        raise ArchiveError(f"{there}: ends in no name of a run; write s3://BUCKET/PREFIX/2026-11-24T130000Z-3f2a9c1")
    found = _oldest_versions(s3, there)
    if NAME not in found:
        raise ArchiveError(f"{there}: holds no whole run: there is no {NAME}, which is written last")
    target = into / name
    if target.exists():
        raise ArchiveError(f"{target}: is there already; name another folder")
    into.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".restoring-", dir=into) as folder:
        _each(lambda item: _get(s3, there, item, Path(folder, name)), [*found.items()])
        (restored := Path(folder, name)).chmod(0o700)  # as the run that was archived
        restored.rename(target)
    touched = sorted(file for file, (_, versions) in found.items() if versions > 1)
    return target, tuple(f"{file} was written over or deleted after it was archived" for file in touched)


def _oldest_versions(s3: Any, there: Place) -> dict[str, tuple[str, int]]:
    """Return the oldest version of every file of an archive, and how many versions and deletions there are of it."""
    found: dict[str, tuple[str, int]] = {}
    for key, version, marker in _list_versions(s3, there.bucket, f"{there.prefix}/"):
        file = key.removeprefix(f"{there.prefix}/")
        if {"", ".", ".."} & {*file.split("/")} or "\\" in file:
            raise ArchiveError(f"{there}: holds {file!r}, which would lead out of its folder; nothing was restored")
        known, number = found.get(file, ("", 0))
        found[file] = (known if marker else version, number + 1)  # they come newest first
    return {file: entry for file, entry in found.items() if entry[0]}


def _list_versions(s3: Any, bucket: str, prefix: str) -> Iterator[tuple[str, str, bool]]:
    """Yield key, version and whether it is a mark of a deletion, the newest of each key first."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for kind in ("Versions", "DeleteMarkers"):
            yield from ((row["Key"], row["VersionId"], kind == "DeleteMarkers") for row in page.get(kind, ()))


def _get(s3: Any, there: Place, item: tuple[str, tuple[str, int]], target: Path) -> None:
    file, (version, _) = item
    answer = s3.get_object(Bucket=there.bucket, Key=there.key(file), VersionId=version)
    path = target / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(answer["Body"].read())
