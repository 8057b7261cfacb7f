"""Starts Locust with the options it is given, and none of those in files of the folder or of the user.

``tags`` or ``run-time`` in a locust.conf would leave out a part of the load.
"""

from typing import Any, Final

from locust import main as program
from locust.argument_parser import LocustArgumentParser

#: What in the parser opens such files, as a test shows.
_FILES: Final = "_open_config_files"


def _open_no_files(_parser: Any, _arguments: Any) -> list[Any]:
    return []


if __name__ == "__main__":
    setattr(LocustArgumentParser, _FILES, _open_no_files)
    start: Any = program.main
    start()
