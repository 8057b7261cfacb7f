"""Seals of runs: a statement over every file of a run, signed, and what it is worth to somebody who was not there."""
