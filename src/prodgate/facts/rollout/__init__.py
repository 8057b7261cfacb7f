"""Facts about one rollout: its deployments, what was watched while they went on, and what they left."""
