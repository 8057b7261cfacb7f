"""The emulator of an AWS account: moto, and the parts that moto lacks; one module per service."""

import pkgutil
from importlib import import_module


def load() -> None:
    """Import every module of the package, which registers its answers."""
    for module in pkgutil.iter_modules(__path__):
        if module.name != "__main__":
            import_module(f"{__name__}.{module.name}")
