"""Whether a run was signed without a key where it was made: at its commit, in the repository of whoever counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ..signatures.sigstore_bundles import Identity, Origin

#: What an identity begins with that is no person's: a workflow, which signs at a commit of a repository.
_WORKFLOW: Final = "https://"
#: What stands behind the commit of a run in which files were in no commit.
_CHANGES: Final = "+"


def find_flaws_of_origin(identity: Identity, origin: Origin, commit: str, repository: str) -> Iterator[str]:
    """Say why what a certificate says of where somebody signed is not so of a run of that commit.

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
