"""Child processes: each ends with its parent, and no wait for one is without a limit."""
