"""The variables that a startup script exports, as far as they can be read without a shell.

>>> read_exports("export NAME='a b'\\nexport LEVEL=info  # quiet\\nexport PATH=$PATH:/opt\\n")
{'NAME': 'a b', 'LEVEL': 'info', 'PATH': None}
"""

import re
from typing import Final

__all__ = ["read_exports"]

_EXPORT: Final = re.compile(
    r"""^[ \t]*export[ \t]+(\w+)=(?:(?:'([^'\n]*)'|"([^"$`\\\n]*)"|([^\s'"$`\\;&|<>()#]*))[ \t]*(?:[;#].*)?$|.*)""",
    re.MULTILINE,
)


def read_exports(script: str) -> dict[str, str | None]:
    """Return the exported variables by name; None for a value that only a shell knows. Ignores all other lines."""
    return {
        one[1]: next((text for text in one.groups()[1:] if text is not None), None) for one in _EXPORT.finditer(script)
    }


def list_exports(script: str) -> list[str]:
    """Return the lines that export a variable."""
    return [one[0].strip() for one in _EXPORT.finditer(script)]
