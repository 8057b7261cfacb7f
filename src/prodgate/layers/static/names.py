"""What the static layer's own answers are called."""

from __future__ import annotations

from typing import Final

#: Criterion: the configuration evaluates, and completely.
EVALUATES: Final = "terraform-evaluates"
