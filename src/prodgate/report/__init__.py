"""The reports of a run: pure functions from a run and its verdict to text."""
