"""Facts about one rollout: its deployments, the observations during them, and their results."""
