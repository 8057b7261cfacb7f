"""The static layer: Terraform, workflows, the repository."""
