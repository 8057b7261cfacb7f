"""Probes a site without a browser: bounded requests, kept as evidence without secrets."""
