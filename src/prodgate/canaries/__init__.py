"""Canaries: DAGs that fail on purpose, to show that a failure is tried again, kept and told."""
