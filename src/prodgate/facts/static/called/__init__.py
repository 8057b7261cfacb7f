"""What code and commands of a repository call of AWS, read from their syntax without running anything."""
