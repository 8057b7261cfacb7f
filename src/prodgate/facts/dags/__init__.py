"""Facts about DAGs: their files, their slots, what they left, and what became of their failures."""
