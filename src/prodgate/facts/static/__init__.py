"""What a team's repository holds: workflows, credentials in plain text, the Terraform roots as a whole."""

from .credentials import RepositoryPart
from .terraform_roots import DeclaredRoot, StateBackend
from .workflows import Job, Step, Workflow, Workflows

__all__ = [
    "DeclaredRoot", "Job", "RepositoryPart", "StateBackend", "Step", "Workflow", "Workflows",
]  # fmt: skip
