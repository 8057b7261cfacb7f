"""A deployment that is carried out: two colours of the sample site behind HAProxy, and an account that keeps step."""
