"""What happened in the rehearsal account before anybody looks: a handler for each section of scenario.toml."""
