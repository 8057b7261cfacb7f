"""What DAGs left behind: read without changing anything, and compared with the slots that there were."""
