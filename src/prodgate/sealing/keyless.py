"""A seal that somebody signed without a key: the bundle beside it says who, and whether that holds is checked here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from ..sections.evidence import EvidenceSection, TrustedIdentity
from ..signatures.keyless import (
    BundleMistake,
    Identity,
    KeylessError,
    KeylessUnready,
    Origin,
    SigstoreBundle,
    fetch_trusted_root,
    parse_bundle,
    read_trusted_root,
    verify_keyless,
)
from .seals import Seal, SealError
from .statement import BUNDLE, SEAL

#: Bytes that a bundle may have: the statement in it names every file of a run.
_MOST: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyless:
    """The bundles beside a seal that was signed without a key."""

    flaws: tuple[str, ...] = ()
    there: bool = False
    bundle: SigstoreBundle | None = None
    """What it says; None where it is not there, or not of this seal."""


#: Where there is nothing of the kind.
WITH_KEY: Final = Keyless()


def read_keyless(run: Path, seal: Seal, name: str = SEAL, beside: str = BUNDLE) -> Keyless:
    """Read who signed a seal, or what else has that name, without a key. Whether it was them is not asked."""
    path = run / beside
    if path.is_symlink() or not path.is_file():
        there = path.is_symlink() or path.exists()
        return Keyless(flaws=(f"UNLISTED: {beside}: is no file",) if there else (), there=there)
    if path.stat().st_size > _MOST:
        return Keyless(flaws=(f"CHANGED: {beside}: is larger than any that the gate writes",), there=True)
    try:
        bundle = parse_bundle(path.read_bytes())
    except BundleMistake as error:
        return Keyless(flaws=(f"CHANGED: {beside}: {error}",), there=True)
    if not bundle.is_of(seal.envelope):
        return Keyless(flaws=(f"CHANGED: {name}: is not what was signed by {beside}",), there=True)
    return Keyless(there=True, bundle=bundle)


def find_known(bundle: SigstoreBundle, known: Sequence[TrustedIdentity]) -> TrustedIdentity | None:
    """Return who of those that count is named by a bundle; None for nobody of them."""
    return EvidenceSection(identities=tuple(known)).find_identity(bundle.identity.subject, bundle.identity.issuer)


def find_flaws_of_place(bundle: SigstoreBundle, known: Sequence[TrustedIdentity], commit: str) -> Iterator[str]:
    """Say why a bundle was not made where the run of a commit was, by what its certificate says."""
    counts = find_known(bundle, known)
    flaws = find_flaws_of_origin(bundle.identity, bundle.origin, commit, counts.repository if counts else "")
    yield from (f"FOREIGN: {BUNDLE}: {flaw}" for flaw in flaws)


def find_flaws_of_identity(
    bundle: SigstoreBundle,
    known: Sequence[TrustedIdentity],
    trusted_root: Path | None,
    *,
    believed: bool,
    name: str = BUNDLE,
) -> tuple[str, ...]:
    """Say why the signature of a bundle of that name is not that of somebody who counts. Raises SealError.

    ``believed`` leaves it at whom the certificate names.
    """
    if find_known(bundle, known) is None:
        named = ", ".join(f"{each.name} ({each.subject}, let in by {each.issuer})" for each in known) or "none"
        return (f"WRONG KEY: {name}: is signed by {bundle.identity}; those without a key that count are {named}",)
    if believed:
        return ()
    try:
        verify_keyless(bundle, bundle.identity, trusted_root)
    except KeylessError as error:
        return (f"WRONG KEY: {name}: {error}",)
    except KeylessUnready as error:
        raise SealError(f"{name}: nobody can say whether it holds: {error}") from None
    return ()


def check_trusted_root(path: Path) -> None:
    """Raise UsageError for a file that holds no keys of Sigstore."""
    try:
        read_trusted_root(path)
    except KeylessUnready as error:
        raise UsageError(f"--trusted-root {path}: {error}; name a trusted_root.json") from None


def fetch_root() -> None:
    """Fetch the keys of Sigstore's public instance, for all that is verified from now on. Raises UsageError."""
    try:
        fetch_trusted_root()
    except KeylessUnready as error:
        raise UsageError(f"--fetch-root: {error}; name a trusted_root.json by --trusted-root") from None


#: Beginning of a workflow's identity; it signs at a commit of a repository. A person's identity begins otherwise.
_WORKFLOW: Final = "https://"
#: The mark behind a run's commit if some of its files were in no commit.
_CHANGES: Final = "+"


def find_flaws_of_origin(identity: Identity, origin: Origin, commit: str, repository: str) -> Iterator[str]:
    """Say why the origin in a certificate does not fit a run of that commit.

    ``repository`` is the one whose runs count; empty for the one that holds the workflow. A person signs nowhere.
    """
    if not identity.subject.startswith(_WORKFLOW) and not repository:
        return
    ours = origin.repository == repository if repository else identity.subject.startswith(f"{origin.repository}/")
    if not origin.repository or not ours:
        wanted = repository or "the one of the workflow"
        yield f"was signed in repository {origin.repository or 'unknown'}, and what counts is {wanted}"
    judged = commit.partition(_CHANGES)[0]
    if not origin.commit or origin.commit != judged:
        yield f"was signed at commit {origin.commit or 'unknown'}, and the run is of {judged or 'unknown'}"
