"""DAGs: the slots of their schedules, the records of their runs, and what follows from both."""
