"""What an account shares with others, and whom it lets join."""

from __future__ import annotations

from prodgate import Criterion, Resource, policy

#: What can be shared -> (argument, value that shares it with whoever comes).
SHARED = {
    "aws_ec2_transit_gateway": ("auto_accept_shared_attachments", "enable"),
    "aws_servicecatalog_portfolio_share": ("type", "ACCOUNT"),
}


@policy(
    "PG_IAM_17",
    criterion="sharing-limited",
    resources=("aws_ssm_document", *SHARED),
    population=0,
    remedy="Share a document with accounts by number and portfolios with the organisation; accept attachments by hand.",
)
def nothing_is_shared_with_whoever_comes(holder: Resource, criterion: Criterion) -> None:
    """Documents are shared with named accounts, portfolios within the organisation, and networks join when accepted.

    Unset means that a document is not shared, and that a transit gateway accepts nothing by itself.
    """
    if holder.type == "aws_ssm_document":
        accounts = holder.mapping("permissions").get("account_ids", "").split(",")
        everybody = [each for each in map(str.strip, accounts) if each.lower() == "all"]
        criterion.exclude(everybody, expected="accounts by number", observed="account_ids = {}")
        return
    name, value = SHARED[holder.type]
    stated = holder.text(name)
    criterion.hold(stated != value, expected=f"{name} other than {value}", observed=stated)
