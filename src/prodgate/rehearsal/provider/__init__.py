"""The rehearsal provider: the stand-in provider, with adapters that create the applied resources in the emulator."""
