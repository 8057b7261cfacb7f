"""Which image runs, and whether it is the one that was tested."""

from __future__ import annotations

import re

from prodgate import Criterion, Resource, policy

from .container_definitions import list_containers

REPOSITORY = ("aws_ecr_repository",)
DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")


@policy(
    "PG_DEP_7",
    criterion="image-by-digest",
    resources=("aws_ecs_task_definition",),
    remedy="Name the image by digest: repository@sha256:….",
    population=0,
)
def tasks_name_images_by_digest(task: Resource, criterion: Criterion) -> None:
    """Every container names its image by digest.

    A tag can move between the test and the deploy, and again between two tasks of the same service.
    """
    loose = [str(one.get("image")) for one in list_containers(task) if not DIGEST.fullmatch(str(one.get("image")))]
    criterion.exclude(loose, expected="a digest")


@policy(
    "PG_DEP_8",
    criterion="image-tags-immutable",
    resources=REPOSITORY,
    remedy='Set image_tag_mutability = "IMMUTABLE".',
    population=0,
)
def repositories_keep_their_tags(repository: Resource, criterion: Criterion) -> None:
    """Image repositories refuse to overwrite a tag.

    MUTABLE is the default: whoever may push replaces what runs at the next restart, under the same name.
    """
    mutability = repository.text("image_tag_mutability", "MUTABLE")
    criterion.hold(mutability == "IMMUTABLE", expected="IMMUTABLE", observed=mutability)
