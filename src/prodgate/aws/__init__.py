"""Reads an AWS account: read-only calls, every answer kept, and only a real answer counts."""
