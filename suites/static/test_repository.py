"""Is the repository itself safe to build production from?"""

from prodgate import Criterion, check
from prodgate.facts.static import DeclaredRoot, RepositoryPart, StateBackend

#: Part of the system -> the resource that stands for it.
PARTS = {
    "network": "aws_vpc",
    "database": "aws_rds_cluster",
    "services": "aws_ecs_service",
    "distribution": "aws_cloudfront_distribution",
    "Airflow environment": "aws_mwaa_environment",
}


@check("secrets-not-in-source", remedy="Revoke the credential, then take it out of the file and out of the history.")
def test_no_file_holds_a_credential(part: RepositoryPart, criterion: Criterion) -> None:
    """Does no file of the repository hold a credential?

    The search recognises credentials of a form that their issuer defined. In variable files, workflows and DAGs it
    also goes by the names of what they assign; a password under another name, or in other files, is not recognised.
    """
    criterion.hold(not part.credentials, expected="no credential", observed="; ".join(part.credentials[:5]) or "none")
    if part.unseen:
        raise criterion.undetermined(f"not read: {'; '.join(part.unseen[:5])}; exempt what holds no text")


@check("production-root-declared", remedy="Declare the part in the production root.")
def test_the_root_declares_the_whole_system(root: DeclaredRoot, criterion: Criterion) -> None:
    """Is every part of the system declared in the production root?"""
    missing = [part for part, type_ in PARTS.items() if type_ not in root.types]
    criterion.hold(not missing, expected=", ".join(PARTS), observed=f"without {', '.join(missing) or 'nothing'}")


@check("production-state-protected", remedy="Use a remote backend with encryption and locking.")
def test_the_state_is_encrypted_and_locked(backend: StateBackend, criterion: Criterion) -> None:
    """Is the state stored encrypted, and are concurrent applies locked out?"""
    criterion.hold(bool(backend.kind), expected="a remote backend", observed="a local file")
    criterion.hold(backend.encrypted, expected="encryption at rest", observed=f"{backend.kind} without encrypt = true")
    criterion.hold(backend.locked, expected="locking", observed=f"{backend.kind} without a lock")


@check("production-state-protected", remedy="Give the root a key of its own, as its environment is called.")
def test_the_state_is_of_the_root_itself(backend: StateBackend, criterion: Criterion) -> None:
    """Is the state not that of another environment, which an apply would replace?"""
    observed = f"a state in {backend.foreign}" if backend.foreign else ""
    criterion.hold(not backend.foreign, expected="a state of its own", observed=observed)
