"""What a site answers to somebody without a browser: bounded reads, kept as evidence without secrets."""
