"""Migrations of a database: what the repository holds, what their SQL does, and who still reads what it takes away."""
