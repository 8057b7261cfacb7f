"""What the DAGs do: read feeds, store stories, delete old ones, and alert people when that fails."""
