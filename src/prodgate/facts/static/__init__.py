"""What a team's repository holds: workflows, credentials in plain text, the Terraform roots as a whole."""

from .credentials import RepositoryPart
from .pipelines import Change, Search
from .plan_files import PlanTrace
from .stages import Stage
from .terraform_roots import DeclaredRoot, StateBackend
from .workflows import Job, Step, Workflow, Workflows

__all__ = [
    "Change", "DeclaredRoot", "Job", "PlanTrace", "RepositoryPart", "Search", "Stage", "StateBackend", "Step",
    "Workflow", "Workflows",
]  # fmt: skip
