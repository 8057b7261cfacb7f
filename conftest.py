"""Lets pytest collect the gate's checks, and gives tests of plugins a pytest of their own."""

pytest_plugins = ("prodgate.run.pytest_plugin", "pytester")
