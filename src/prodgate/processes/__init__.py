"""Waits that end: child processes go with their parent, and nothing is waited for without a limit."""
