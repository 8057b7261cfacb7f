"""Starts Locust with the given options alone, and none from configuration files of the folder or the user.

``tags`` or ``run-time`` in a locust.conf would leave out a part of the load.
"""

from typing import Any, Final

from locust import main as program
from locust.argument_parser import LocustArgumentParser

#: The parser's method that opens such files, as a test shows.
_FILES: Final = "_open_config_files"


if __name__ == "__main__":
    setattr(LocustArgumentParser, _FILES, lambda _parser, _arguments: [])
    start: Any = program.main
    start()
