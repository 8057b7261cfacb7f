"""The load layer: a site under load, and what its own records say of it."""
