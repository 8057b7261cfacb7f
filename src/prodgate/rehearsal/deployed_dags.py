"""The deployed files of a folder of DAGs: all but tests and caches, as in the workflow that deploys them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ..aws.clients import Clients

_LEFT_OUT: Final = re.compile(r"^tests/|(^|/)__pycache__/|\.pyc$")


def list_deployed_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield every deployed file: its path below the folder, with /, and its location. Links are left out."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and not _LEFT_OUT.search(name):
            yield name, path


def deploy(folder: Path, environments: Mapping[str, Mapping[str, Any]], aws: Clients) -> None:
    """Copy a folder of DAGs to the bucket of each of some MWAA environments, given as Terraform knows them."""
    for environment in environments.values():
        bucket = environment["source_bucket_arn"].rpartition(":")[2]
        prefix = environment["dag_s3_path"].rstrip("/")
        for name, path in list_deployed_files(folder):
            aws("s3").put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=path.read_bytes())
