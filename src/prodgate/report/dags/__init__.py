"""The part of the report that draws the slots of DAGs."""
