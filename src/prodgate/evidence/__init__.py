"""What a run keeps: its journal, its files by digest, and how a finished run is read again."""
