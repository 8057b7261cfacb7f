"""Signatures over statements: the envelope that holds one, and the keys that make and check it."""
