"""The report's part on rollouts."""
