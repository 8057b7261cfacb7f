"""Virtual machines and notebooks: the credentials of their roles, the data on their disks, and their networks."""

from collections.abc import Iterator

from prodgate import Block, Criterion, Resource, policy

MACHINES = ("aws_instance", "aws_launch_template", "aws_launch_configuration", "aws_spot_instance_request")

#: The ones that are one machine.
ONE = ("aws_instance", "aws_spot_instance_request")


@policy(
    "PG_RUN_3",
    criterion="instance-metadata-tokens",
    resources=MACHINES,
    population=0,
    remedy='Set metadata_options { http_tokens = "required" }.',
)
def metadata_is_given_for_a_token_only(machine: Resource, criterion: Criterion) -> None:
    """The metadata service of instances requires a token, or is off.

    Without tokens, a program that can be tricked into fetching a URL hands out the credentials of the role. Unset
    leaves it to aws_ec2_instance_metadata_defaults of the same account and region, else to the image; most images
    require none.
    """
    options = machine.blocks("metadata_options")
    if not options and _follows_a_template(machine, criterion):
        raise criterion.not_applicable("is made from a launch template, which says it")
    off = any(one.text("http_endpoint", "enabled") == "disabled" for one in options)
    stated = next((one.text("http_tokens") for one in options), None)
    tokens = stated if off or stated else _find_default(machine)
    observed = f"http_tokens = {tokens}" if tokens else "left to the image"
    criterion.hold(off or tokens == "required", expected="http_tokens = required", observed=observed, held=observed)


@policy(
    "PG_ENC_15",
    criterion="encryption-at-rest",
    resources=(*MACHINES, "aws_spot_fleet_request"),
    population=0,
    remedy="Set encrypted = true in root_block_device and ebs_block_device (ebs of a launch template).",
)
def disks_of_instances_are_encrypted(machine: Resource, criterion: Criterion) -> None:
    """The disks of instances are encrypted, including the root disk.

    Unset keeps the image's setting, which is plain text, unless aws_ebs_encryption_by_default is declared for the same
    account and region. A launch template or a fleet is judged only by the disks that it states.
    """
    rooted = (
        machine.type not in ONE or bool(machine.blocks("root_block_device")) or _follows_a_template(machine, criterion)
    )
    if not (rooted and all(disk.known("encrypted") for disk in _disks(machine))) and _encrypts_by_default(machine):
        return
    criterion.hold(rooted, expected="root_block_device { encrypted = true }", observed="as the image has it")
    for disk in _disks(machine):
        criterion.hold(disk.flag("encrypted"), expected="encrypted = true", observed="off", aspect=disk.path)


def _follows_a_template(machine: Resource, criterion: Criterion) -> bool:
    """Whether it is made from a declared template, which is judged. Raises Undetermined for others."""
    follows = machine.type in ONE and bool(machine.blocks("launch_template"))
    if follows and not any(machine.related(f"launch_template.{one}", "aws_launch_template") for one in ("id", "name")):
        raise criterion.undetermined("its launch template is declared elsewhere")
    return follows


def _find_default(machine: Resource) -> str | None:
    """Return the account's default for tokens where an instance states nothing."""
    stated = (one.text("http_tokens") for one in machine.beside("aws_ec2_instance_metadata_defaults"))
    return next((each for each in stated if each != "no-preference"), None)


def _encrypts_by_default(machine: Resource) -> bool:
    return any(one.flag("enabled", True) for one in machine.beside("aws_ebs_encryption_by_default"))


def _disks(machine: Resource) -> Iterator[Block]:
    if machine.type == "aws_launch_template":
        for mapping in machine.blocks("block_device_mappings"):
            yield from mapping.blocks("ebs")
    else:
        holders = machine.blocks("launch_specification") if machine.type == "aws_spot_fleet_request" else (machine,)
        for one in holders:
            yield from (*one.blocks("root_block_device"), *one.blocks("ebs_block_device"))


@policy(
    "PG_RUN_6",
    criterion="notebooks-confined",
    resources=("aws_sagemaker_notebook_instance",),
    population=0,
    remedy='Set subnet_id, direct_internet_access = "Disabled" and root_access = "Disabled".',
)
def notebooks_are_confined(notebook: Resource, criterion: Criterion) -> None:
    """A notebook runs in its owner's network, without direct internet access, and its users are not root.

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
