"""Fenced blocks of pages are read as their users read them, or state why not."""
