"""The part of the report that draws load."""
