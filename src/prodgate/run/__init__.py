"""One run of the gate: its plan, its layers' processes, and pytest's part in them."""
