"""The rollout layer: one deployment from before its first stage to after its clean-up, and what it left."""
