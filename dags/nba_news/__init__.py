"""The work of the DAGs: reading feeds, storing stories, deleting old ones, and alerting people on failure."""
