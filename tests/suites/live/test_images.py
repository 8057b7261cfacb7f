"""Ways to spoil images and their repositories, and the checks that see it."""

from .harness import Aws, Sabotage
from .releasing import REPOSITORY, image_released, rebuilt

CLEAN = {"config": {"Env": ["PATH=/usr/bin"]}}


def stop_scanning(aws: Aws) -> None:
    aws("ecr").put_registry_scanning_configuration(scanType="BASIC", rules=[])
    off = {"scanOnPush": False}
    aws("ecr").put_image_scanning_configuration(repositoryName=REPOSITORY, imageScanningConfiguration=off)


def run_a_tag(aws: Aws) -> None:
    (image,) = aws("ecr").describe_images(repositoryName=REPOSITORY)["imageDetails"]
    image_released(lambda reference: f"{reference.partition('@')[0]}:{image['imageTags'][0]}")(aws)


SABOTAGES = (
    Sabotage("a release by tag", breaks={"image-by-digest"}, by=run_a_tag),
    Sabotage(
        "tags may be overwritten",
        breaks={"image-tags-immutable"},
        by=lambda aws: aws("ecr").put_image_tag_mutability(repositoryName=REPOSITORY, imageTagMutability="MUTABLE"),
    ),
    Sabotage("nothing scans what is pushed", breaks={"image-scan-on-push"}, by=stop_scanning),
    Sabotage(
        "the image that runs has a critical vulnerability",
        breaks={"image-scan-findings"},
        by=rebuilt(CLEAN, **{"rehearsal.vulnerable": "CRITICAL LOW"}),
    ),
    Sabotage(
        "the image's environment holds a password",
        breaks={"secrets-not-in-images"},
        by=rebuilt({"config": {"Env": ["DATABASE_PASSWORD=correct-horse-battery"]}}),
    ),
    Sabotage(
        "a build argument with a token is in the image's history",
        breaks={"secrets-not-in-images"},
        by=rebuilt({**CLEAN, "history": [{"created_by": "RUN |1 NPM_TOKEN=kq83hf02mvb /bin/sh -c npm ci"}]}),
    ),
    Sabotage(
        "a label gives a key away",
        breaks={"secrets-not-in-images"},
        by=rebuilt({"config": {"Labels": {"deploy-key": "-----BEGIN OPENSSH PRIVATE KEY-----"}}}),
    ),
)
