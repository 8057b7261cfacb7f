"""Drills: proof that something works, by making it happen once, and leaving everything as it was."""
