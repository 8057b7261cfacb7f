"""The part of the report that shows the slots of DAGs."""
