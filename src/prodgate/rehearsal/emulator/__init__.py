"""The emulator of an AWS account: moto, and what moto lacks; one module per service."""
