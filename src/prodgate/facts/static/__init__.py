"""Facts about a team's repository: workflows, credentials in plain text, the Terraform roots as a whole."""

from .credentials import RepositoryPart
from .pipelines import Change, PlanTrace, Search, Stage
from .terraform_roots import DeclaredRoot, StateBackend
from .workflows import Job, Step, Workflow, Workflows

__all__ = [
    "Change", "DeclaredRoot", "Job", "PlanTrace", "RepositoryPart", "Search", "Stage", "StateBackend", "Step",
    "Workflow", "Workflows",
]  # fmt: skip
