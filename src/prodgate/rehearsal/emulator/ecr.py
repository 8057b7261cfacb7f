"""ECR: moto keeps images; here are their layers' content, and what a scan of them has found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.backends import get_backend

from .extension import FOLLOWS, UNREPORTED, Ledger, Refused, answers, corrects

#: The account of AWS's own that the layers of all images stand in.
STORE = "999999999999"
#: Annotation of a manifest that says which vulnerabilities a scan shall find, by severity: ``CRITICAL HIGH``.
VULNERABLE = "rehearsal.vulnerable"


@corrects("ecr", "CompleteLayerUpload", upstream=UNREPORTED)
def complete_layer_upload(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """End the upload of a layer, and keep its content where ECR keeps it: in a bucket of AWS's own."""
    upload = ledger.backend.repositories[params["repositoryName"]].uploads.get(params["uploadId"])
    content = bytes(upload.layer_parts) if upload else b""
    made = ledger.moto()
    store, bucket = get_backend("s3")[STORE]["aws"], _bucket(ledger)
    if bucket not in store.buckets:
        store.create_bucket(bucket, ledger.region)
    store.put_object(bucket, _place(ledger, params["repositoryName"], made["layerDigest"]), content)
    return made


@corrects("ecr", "GetDownloadUrlForLayer", upstream=FOLLOWS)
def get_download_url(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the address of a layer, which needs no further permission."""
    repository, digest = params["repositoryName"], params["layerDigest"]
    if digest not in getattr(ledger.backend.repositories.get(repository), "layers", ()):
        raise Refused("LayersNotFoundException", f"The layer with digest '{digest}' does not exist in {repository!r}")
    host = f"{_bucket(ledger)}.s3.{ledger.region}.amazonaws.com"
    signed = f"X-Amz-Credential={STORE}/{datetime.now(UTC):%Y%m%d}/{ledger.region}/s3/aws4_request"
    signed += f"&X-Amz-Expires=3600&X-Amz-Signature={digest.partition(':')[2]}"
    return {"downloadUrl": f"https://{host}/{_place(ledger, repository, digest)}?{signed}", "layerDigest": digest}


def _bucket(ledger: Ledger) -> str:
    return f"prod-{ledger.region}-starport-layer-bucket"


def _place(ledger: Ledger, repository: str, digest: str) -> str:
    return f"{ledger.account}-{repository}/{digest.partition(':')[2]}".replace("/", "-")


@corrects("ecr", "PutImage", upstream="since getmoto/moto#4166")
def put_image(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take an image; where the repository or the registry scans by itself, it is scanned at once."""
    made = ledger.moto()
    asked = {"repositoryNames": [params["repositoryName"]]}
    settings = ledger.ask("ecr", "BatchGetRepositoryScanningConfiguration", **asked)["scanningConfigurations"][0]
    if settings["scanFrequency"] != "MANUAL":
        manifest = json.loads(params["imageManifest"])
        severities = manifest.get("annotations", {}).get(VULNERABLE, "").split()
        ledger.of("scan")[made["image"]["imageId"]["imageDigest"]] = [*map(_finding, severities)]
    return made


def _finding(severity: str) -> Mapping[str, Any]:
    return {"severity": severity, "status": "ACTIVE", "title": "rehearsal: a vulnerability that is invented"}


@corrects("ecr", "DescribeImageScanFindings", upstream="since getmoto/moto#4166")
def describe_scan_findings(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the scan of an image has found: what the image's maker has annotated for the rehearsal."""
    named = {"repositoryName": params["repositoryName"], "imageIds": [params["imageId"]]}
    digest = ledger.ask("ecr", "DescribeImages", **named)["imageDetails"][0]["imageDigest"]
    message = f"Image scan does not exist for the image with digest {digest!r}"
    found = ledger.find("scan", digest, "ScanNotFoundException", message)
    severities = [one["severity"] for one in found]
    return {
        "registryId": ledger.account,
        "repositoryName": params["repositoryName"],
        "imageId": {"imageDigest": digest},
        "imageScanStatus": {"status": "ACTIVE", "description": "Continuous scan is selected for image."},
        "imageScanFindings": {
            "imageScanCompletedAt": datetime.now(UTC),
            "enhancedFindings": found,
            "findingSeverityCounts": {severity: severities.count(severity) for severity in severities},
        },
    }


@answers("ecr", "CreatePullThroughCacheRule")
def create_pull_through_cache_rule(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let repositories of a prefix fetch what they lack from another registry."""
    rule = {**params, "registryId": ledger.account, "createdAt": datetime.now(UTC)}
    ledger.of("cache")[params["ecrRepositoryPrefix"]] = rule
    return rule


@answers("ecr", "DescribePullThroughCacheRules")
def describe_pull_through_cache_rules(ledger: Ledger, _params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return which prefixes fetch from where."""
    return {"pullThroughCacheRules": list(ledger.of("cache").values())}
