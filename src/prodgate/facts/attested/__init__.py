"""Facts about what people say: their records, and what became of the things that they looked at."""
