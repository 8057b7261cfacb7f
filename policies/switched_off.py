"""What protects by itself, or nearly so, and was switched off: the check of a certificate, the encryption of a copy."""

from prodgate import Block, Criterion, Resource, policy

#: Resources -> the block and the argument that leave a certificate unchecked, or TLS out.
UNCHECKED = {
    "aws_codebuild_project": (("source", "insecure_ssl"), ("secondary_sources", "insecure_ssl")),
    "aws_api_gateway_integration": (("tls_config", "insecure_skip_verification"),),
    "aws_quicksight_data_source": (("ssl_properties", "disable_ssl"),),
}
#: Resources -> the blocks and the argument that leave what is built in plain text.
PLAIN = {"aws_codebuild_project": ("artifacts", "secondary_artifacts")}


@policy(
    "PG_ENC_24",
    criterion="encryption-in-transit",
    resources=tuple(UNCHECKED),
    population=0,
    remedy="Drop it: certificates are checked unless it is set.",
)
def certificates_are_checked(holder: Resource, criterion: Criterion) -> None:
    """Builds, integrations and data sources check the certificate of what they call; unset means that they do."""
    for block, argument in UNCHECKED[holder.type]:
        for one in holder.blocks(block):
            expected = f"{one.path}.{argument} = false"
            criterion.hold(not one.flag(argument), expected=expected, observed=True, aspect=_name(one))


@policy(
    "PG_ENC_25",
    criterion="encryption-at-rest",
    resources=tuple(PLAIN),
    population=0,
    remedy="Drop it: artifacts are encrypted unless it is set.",
)
def builds_are_kept_encrypted(project: Resource, criterion: Criterion) -> None:
    """What a build makes is encrypted; unset means that it is."""
    for block in PLAIN[project.type]:
        for one in project.blocks(block):
            expected = f"{one.path}.encryption_disabled = false"
            criterion.hold(not one.flag("encryption_disabled"), expected=expected, observed=True, aspect=_name(one))


def _name(block: Block) -> str:
    """Return which of several blocks it is; nothing of one that has no name."""
    return str(block.known("source_identifier") or block.known("artifact_identifier") or "")
