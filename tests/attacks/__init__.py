"""Attempts to make the gate say GO wrongly, as data, and what runs them."""
