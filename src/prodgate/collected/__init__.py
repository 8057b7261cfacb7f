"""The data that DAGs collected: read without changing anything, and compared with their slots."""
