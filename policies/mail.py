"""Mail sent through SES: encrypted in transit, and distinguishable from a forgery."""

from prodgate import Configuration, Criterion, Resource, policy


@policy(
    "PG_ENC_18",
    criterion="encryption-in-transit",
    resources=("aws_ses_configuration_set", "aws_sesv2_configuration_set"),
    population=0,
    remedy='Set delivery_options { tls_policy = "Require" } ("REQUIRE" in sesv2).',
)
def mail_is_handed_over_by_tls(configuration_set: Resource, criterion: Criterion) -> None:
    """Mail is delivered over TLS or not at all. Unset means that a server without TLS gets it in plain text."""
    stated = [one.text("tls_policy") or "" for one in configuration_set.blocks("delivery_options")]
    required = any(each.upper() == "REQUIRE" for each in stated)
    criterion.hold(
        required,
        expected="tls_policy = Require",
        observed=", ".join(filter(None, stated)) or "Optional",
        held=", ".join(filter(None, stated)),
    )


@policy(
    "PG_MAIL_1",
    criterion="mail-signed",
    resources=("aws_ses_domain_identity",),
    population=0,
    remedy="Declare aws_ses_domain_dkim for the domain, and the three CNAME records of its dkim_tokens.",
)
def mail_of_a_domain_is_signed(identity: Resource, criterion: Criterion) -> None:
    """The mail of a domain is signed with DKIM. A sesv2 identity signs by default."""
    named = identity.configuration.naming(identity, "domain", "aws_ses_domain_dkim")
    signed = bool(named) or identity.text("domain") in identity.configuration.once(_list_signed)
    identity.has("domain")  # where the finding points
    criterion.hold(signed, expected="aws_ses_domain_dkim", observed="none for the domain")


def _list_signed(configuration: Configuration) -> set[str | None]:
    return {one.text("domain") for one in configuration.of("aws_ses_domain_dkim")}
