"""Are the running images those that were tested, without vulnerabilities and credentials?"""

from prodgate import Criterion, check
from prodgate.facts.live import DeployedImage, ImageRepository, Service

IMMUTABLE = "IMMUTABLE"


@check("image-by-digest", remedy="Deploy a task definition that names each image as repository@sha256:….")
def test_tasks_name_images_by_digest(service: Service, criterion: Criterion) -> None:
    """Does every container of the service's task name its image by digest?"""
    loose = [image.reference for image in service.task.images if not image.digest]
    criterion.exclude(loose, expected="a digest")


@check("image-tags-immutable", remedy="Set the repository's tag mutability to IMMUTABLE.")
def test_repositories_keep_their_tags(repository: ImageRepository, criterion: Criterion) -> None:
    """Does the repository refuse to overwrite a tag, without exception?"""
    criterion.hold(repository.mutability == IMMUTABLE, expected=IMMUTABLE, observed=repository.mutability)


@check("image-scan-on-push", remedy="Let the registry scan every repository, on push or all the time.")
def test_repositories_scan_what_is_pushed(repository: ImageRepository, criterion: Criterion) -> None:
    """Is every image of the repository scanned when it is pushed?"""
    criterion.hold(
        bool(repository.scanned),
        expected="a scan by itself",
        observed=repository.scanned or "none",
        held=repository.scanned,
    )


@check("image-scan-findings", remedy="Build the image anew on a base without the vulnerability.", measures="count")
def test_deployed_images_have_no_grave_vulnerability(image: DeployedImage, criterion: Criterion) -> None:
    """Does the running image have no open critical or high vulnerability?"""
    criterion.require(image.grave)


@check(
    "image-scan-recent",
    remedy="Turn on enhanced scanning, or scan what is deployed each week.",
    measures="time",
)
def test_scans_of_deployed_images_are_recent(image: DeployedImage, criterion: Criterion) -> None:
    """Is the last scan of the running image recent, so that it knows today's vulnerabilities?"""
    criterion.require(image.scan_age)


@check(
    "secrets-not-in-images",
    remedy="Revoke the credential, hand it in through Secrets Manager, and build the image with build secrets.",
)
def test_deployed_images_hold_no_credential(image: DeployedImage, criterion: Criterion) -> None:
    """Do environment, labels, commands and build history of the running image hold no credential?"""
    criterion.exclude(image.secrets, expected="no credential")
