"""Drills prove that something works by making it happen once; afterwards everything is as it was."""
