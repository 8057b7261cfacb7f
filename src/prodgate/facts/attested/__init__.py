"""Facts about statements by people: their records, and the present state of the things that they looked at."""
