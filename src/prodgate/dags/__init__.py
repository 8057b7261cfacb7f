"""DAGs: their slots, their records, and what both say together."""
