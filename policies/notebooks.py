"""Notebooks: computers on which people try things out, with the data of production at hand."""

from __future__ import annotations

from prodgate import Criterion, Resource, policy


@policy(
    "PG_RUN_6",
    criterion="notebooks-confined",
    resources=("aws_sagemaker_notebook_instance",),
    population=0,
    remedy='Set subnet_id, direct_internet_access = "Disabled" and root_access = "Disabled".',
)
def notebooks_are_confined(notebook: Resource, criterion: Criterion) -> None:
    """A notebook stands in a network of its owner, has no way to the internet beside it, and its users are not root.

    Unset means none of these.
    """
    placed = notebook.has("subnet_id") and not _stands_in_a_default_network(notebook)
    criterion.hold(placed, expected="subnet_id", observed="a network that is not its own")
    for name in ("direct_internet_access", "root_access"):
        stated = notebook.text(name, "Enabled")
        criterion.hold(stated == "Disabled", expected=f"{name} = Disabled", observed=stated, aspect=name)


def _stands_in_a_default_network(notebook: Resource) -> bool:
    named = notebook.related("subnet_id", "aws_subnet", "aws_default_subnet")
    return any(one.type == "aws_default_subnet" or one.related("vpc_id", "aws_default_vpc") for one in named)
