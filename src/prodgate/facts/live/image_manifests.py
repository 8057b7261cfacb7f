"""What an image consists of: its manifest, which may list an image for each platform, and its configuration."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...aws.documents import read_document
from ..observers import reads
from .services import Image

reads("ecr", "BatchGetImage", "GetDownloadUrlForLayer")

#: Media types of manifests: Docker's and OCI's, of one image and of a list.
_FORMS: Final = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
]


def repository_name(account: Account, image: Image) -> str:
    """Return the name of the repository in this account's registry. Raises Unreadable for any other registry."""
    host, _, name = image.repository.partition("/")
    if host != f"{account.id}.dkr.ecr.{account.region}.amazonaws.com":
        raise Unreadable(f"{image.reference}: is not in this account's registry, which is all that can be read")
    return name


def list_variants(account: Account, image: Image, digest: str) -> tuple[str, ...]:
    """Return the digests of the images of a manifest: its own, or for a list those of each platform.

    Raises Unreadable.
    """
    name = repository_name(account, image)
    if not digest:
        raise Unreadable(f"{image.reference}: has no digest, so nobody knows which image it is")
    manifest = _read_manifest(account, name, digest)
    if "manifests" not in manifest:
        return (digest,)
    # attestations of a build stand beside the images, as one for an unknown platform
    listed = [one for one in manifest["manifests"] if one.get("platform", {}).get("architecture") != "unknown"]
    if not listed:
        raise Unreadable(f"{image.reference}: its manifest lists no image, so nobody knows what is in it")
    return tuple(one["digest"] for one in listed)


def is_same_image(account: Account, stated: Image, digest: str) -> bool:
    """Whether a digest is that of an image, or of its variant for a platform. Raises Unreadable."""
    return digest == stated.digest or digest in list_variants(account, stated, stated.digest)


def read_settings(account: Account, image: Image, digest: str) -> Mapping[str, Any]:
    """Return the configuration of an image: environment, labels, history. Raises Unreadable."""
    name = repository_name(account, image)
    layer = _read_manifest(account, name, digest).get("config", {}).get("digest", "")
    answer = account.find("ecr", "GetDownloadUrlForLayer", repositoryName=name, layerDigest=layer)
    if not answer or not isinstance(answer.get("document"), Mapping):
        raise Unreadable(f"{image.reference}: its settings are not where its manifest says")
    document: Mapping[str, Any] = answer["document"]
    return document


def list_settings(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (where, name, text) of everything in an image's configuration."""
    config = document.get("config") or {}
    for line in config.get("Env") or ():
        name, _, value = line.partition("=")
        yield "environment", name, value
    yield from (("label", name, value) for name, value in (config.get("Labels") or {}).items())
    for part in ("Cmd", "Entrypoint", "Healthcheck"):
        yield "command", "", json.dumps(config.get(part) or "")
    for step in document.get("history") or ():
        yield from (("history", "", step.get(key) or "") for key in ("created_by", "comment"))


def _read_manifest(account: Account, name: str, digest: str) -> Mapping[str, Any]:
    asked: dict[str, Any] = {"repositoryName": name, "imageIds": [{"imageDigest": digest}]}
    asked["acceptedMediaTypes"] = _FORMS
    found = (account.find("ecr", "BatchGetImage", **asked) or {}).get("images")
    if not found:
        raise Unreadable(f"{name}@{digest}: is not in the repository (any more)")
    manifest: Mapping[str, Any] = read_document(found[0]["imageManifest"], f"{name}@{digest}")
    return manifest
