"""What the rehearsal provider does to create a declared resource in the rehearsal account: one function per type."""
