"""The content of a run: its journal, its files by digest, and the reader of a finished run."""
