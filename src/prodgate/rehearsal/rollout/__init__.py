"""A deployment carried out for real: two colours of the sample site behind HAProxy, and an account that keeps step."""
