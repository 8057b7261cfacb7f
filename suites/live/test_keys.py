"""Is stored data encrypted, under keys that their owner controls and that are rotated?"""

from prodgate import Criterion, check
from prodgate.facts.live import Key, ServerOrigin, Store

MODERN = {"TLSv1.2"}


@check("encryption-at-rest", remedy="Switch encryption at rest on, with a customer-managed key.")
def test_stores_are_encrypted(store: Store, criterion: Criterion) -> None:
    """Is the stored data encrypted?"""
    criterion.hold(store.encrypted, expected="encryption at rest", observed="plain text")


@check(
    "encryption-customer-managed-keys", remedy="Name a KMS key of your own; an aws/… alias is a key that AWS manages."
)
def test_stores_are_encrypted_under_a_key_of_their_owner(store: Store, criterion: Criterion) -> None:
    """Is it encrypted under a customer-managed key that works?"""
    observed = f"{store.encryption.key or 'a key that AWS manages'} ({store.kind})"
    criterion.hold(store.encryption.own, expected="a customer-managed key", observed=observed)
    criterion.hold(
        store.encryption.usable, expected="an enabled key", observed=f"{store.encryption.key} is not enabled"
    )


@check("encryption-customer-managed-keys", remedy="Enable the key; until then nothing under it can be read.")
def test_keys_are_enabled(key: Key, criterion: Criterion) -> None:
    """Is the key enabled?"""
    criterion.hold(key.enabled, expected="an enabled key", observed="disabled")


@check("kms-key-rotation", remedy="Enable automatic rotation of the key.")
def test_keys_rotate(key: Key, criterion: Criterion) -> None:
    """Does the key rotate? KMS rotates only symmetric keys whose material it made itself."""
    if not key.symmetric:
        raise criterion.not_applicable("KMS rotates no asymmetric keys")
    if key.origin != "AWS_KMS":
        raise criterion.not_applicable("KMS rotates only material that it made itself")
    criterion.hold(key.rotates, expected="automatic rotation", observed="no rotation")


@check("encryption-in-transit", remedy="Reach the origin over HTTPS only, with TLSv1.2.")
def test_origins_are_reached_over_modern_tls(origin: ServerOrigin, criterion: Criterion) -> None:
    """Does CloudFront reach the web server behind it over TLS 1.2 only?

    match-viewer would do as long as every behaviour requires HTTPS, and fails silently once one does not.
    """
    criterion.hold(origin.protocol == "https-only", expected="https-only", observed=origin.protocol)
    criterion.hold(set(origin.tls) <= MODERN, expected=", ".join(MODERN), observed=", ".join(origin.tls))
