"""The rehearsal provider: the stand-in provider, with adapters that create what core applies in the emulator."""
