"""What the DAGs do: feeds are read, stories kept and cleaned up, and people told when that fails."""
