"""The live layer: an AWS account, read."""
