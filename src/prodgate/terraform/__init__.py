"""Declared infrastructure: evaluated by real Terraform core, judged by policies."""
