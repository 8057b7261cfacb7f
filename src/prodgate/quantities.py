"""Values with units, and the bounds that criteria put on them.

>>> Bound.parse("< 200 ms").admits(Quantity.parse("0.18 s"))
True
>>> Bound.parse("one of 'mw1.medium', 'mw1.large'").admits("mw1.small")
False
>>> Bound.parse(">= 30 d").admits(Quantity.parse("99.9 %"))
Traceback (most recent call last):
    ...
prodgate.quantities.UnitError: '99.9 %' is a ratio but '>= 30 d' bounds a time
"""

import difflib
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import MAX_PREC, ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import Self

#: unit -> (dimension, factor to the dimension's base unit)
UNITS: dict[str, tuple[str, Decimal]] = {
    "": ("count", Decimal(1)),
    "ms": ("time", Decimal("0.001")),
    "s": ("time", Decimal(1)),
    "min": ("time", Decimal(60)),
    "h": ("time", Decimal(3600)),
    "d": ("time", Decimal(86400)),
    "%": ("ratio", Decimal("0.01")),
    "B": ("size", Decimal(1)),
    "KiB": ("size", Decimal(1024)),
    "MiB": ("size", Decimal(1024**2)),
    "GiB": ("size", Decimal(1024**3)),
    "ACU": ("aurora capacity", Decimal(1)),
    "cpu": ("cpu units", Decimal(1)),
    "USD": ("money", Decimal(1)),
    "/s": ("rate", Decimal(1)),
}

#: language -> unit -> how a sentence names it, where that is not the unit itself.
_NAMES: dict[str, dict[str, str]] = {
    "en": {"min": "minutes", "h": "hours", "d": "days", "cpu": "CPU units"},
    "ja": {"s": "秒", "min": "分", "h": "時間", "d": "日", "cpu": "CPU ユニット"},
}

_COMPARATORS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}

#: How people write units out, without the plural.
_UNITS_IN_WORDS = {
    "millisecond": "ms", "second": "s", "sec": "s", "minute": "min", "hour": "h", "day": "d", "percent": "%",
    "kb": "KiB", "mb": "MiB", "gb": "GiB", "byte": "B", "dollar": "USD", "$": "USD", "rp": "/s",
}  # fmt: skip
#: Comparators the wrong way round.
_TURNED = re.compile(r"^=[<>]")
_NUMBER = re.compile(r"\s*(-?[0-9]{1,30}(?:\.[0-9]{1,30})?)\s*((?![0-9.])\S*)\s*")
_COMPARISON = re.compile(r"\s*(<=|>=|==|<|>)\s*(.+)", re.DOTALL)
_QUOTED = re.compile(r"'([^']*)'")
_TEXTS = re.compile(r"one of\s+'[^']*'(?:\s*,\s*'[^']*')*")


class UnitError(ValueError):
    """A unit is not known, or two quantities of different dimensions met."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A magnitude in one unit; the same amount may be written in different units."""

    magnitude: Decimal
    unit: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``"200 ms"``. Raises UnitError for an unknown unit or a text that is no number."""
        match = _NUMBER.fullmatch(text)
        if match is None:
            raise UnitError(f"{text!r} is not a number with a unit; write e.g. '200 ms' or '30 d'")
        if match[2] not in UNITS:
            near = _UNITS_IN_WORDS.get(match[2].lower().removesuffix("s")) or next(
                iter(difflib.get_close_matches(match[2], UNITS, n=1, cutoff=0.4)), ""
            )
            hint = f"did you mean {near!r}? " if near else ""
            raise UnitError(f"{match[2]!r} is not a unit; {hint}units are {', '.join(filter(None, UNITS))}")
        return cls(Decimal(match[1]), match[2])

    @classmethod
    def of(cls, magnitude: Decimal | int | str, unit: str = "") -> Self:
        """Build a quantity from a number and a unit of UNITS."""
        return cls(Decimal(magnitude), unit)

    @classmethod
    def days(cls, magnitude: Decimal | int) -> Self:
        """Build a duration in days."""
        return cls(Decimal(magnitude), "d")

    @classmethod
    def seconds(cls, magnitude: Decimal | int) -> Self:
        """Build a duration in seconds."""
        return cls(Decimal(magnitude), "s")

    @classmethod
    def between(cls, earlier: datetime, later: datetime) -> Self:
        """Build the whole seconds from one time to another; 0 where that is not later."""
        return cls.seconds(max(0, int((later - earlier).total_seconds())))

    @classmethod
    def lasting(cls, time: timedelta, unit: str, *, at_most: bool = False) -> Self:
        """Build a duration of four decimals that is no longer than the time, or with ``at_most`` no shorter."""
        exact = Decimal(time // timedelta(microseconds=1)) / 1_000_000 / UNITS[unit][1]
        return cls(exact.quantize(Decimal("0.0001"), ROUND_CEILING if at_most else ROUND_FLOOR), unit)

    @property
    def dimension(self) -> str:
        """The kind of quantity: time, ratio, count, size, money …; only equal kinds are compared."""
        return UNITS[self.unit][0]

    @property
    def base(self) -> Decimal:
        """The magnitude in the base unit of the dimension (s, 1, B, …)."""
        return self.magnitude * UNITS[self.unit][1]

    def in_words(self, language: str) -> str:
        """The quantity as a sentence has it: ``30 days``, ``1 hour``, ``30 日``; ``language`` is ``en`` or ``ja``."""
        name = _NAMES[language].get(self.unit, self.unit)
        singular = self.magnitude == 1 and name != self.unit
        return f"{self._number} {name.removesuffix('s') if singular else name}".rstrip()

    @property
    def _number(self) -> str:
        number = f"{self.magnitude:f}"
        return number.rstrip("0").rstrip(".") if "." in number else number

    def __str__(self) -> str:
        return f"{self._number} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Bound:
    """A comparator with a limit (``< 200 ms``), or the texts that are allowed (``one of 'a', 'b'``)."""

    comparator: str
    limit: Quantity | None = None
    texts: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a bound. Raises UnitError with what to write instead."""
        if text.strip().startswith("one of "):
            if not _TEXTS.fullmatch(text.strip()):
                raise UnitError(f"{text!r} names no texts; write e.g. \"one of 'a', 'b'\"")
            return cls("one of", texts=tuple(_QUOTED.findall(text)))
        match = _COMPARISON.fullmatch(text)
        if match is None:
            turned = _TURNED.sub(lambda found: found[0][::-1], text.strip())
            example = turned if turned != text.strip() else f"< {text.strip() or '200 ms'}"
            raise UnitError(f"{text!r} has no comparator; write e.g. {example!r}")
        if quoted := _QUOTED.fullmatch(match[2].strip()):
            if match[1] != "==":
                raise UnitError(f"{text!r} orders texts; write \"== '{quoted[1]}'\"")
            return cls("==", texts=(quoted[1],))
        return cls(match[1], Quantity.parse(match[2]))

    @property
    def dimension(self) -> str:
        """The dimension of what may be compared with this bound; ``text`` for a bound on texts."""
        return self.limit.dimension if self.limit else "text"

    def admits(self, observed: Quantity | str) -> bool:
        """Whether ``observed`` keeps the bound. Raises UnitError when the two are of different kinds."""
        kind = observed.dimension if isinstance(observed, Quantity) else "text"
        if kind != self.dimension:
            raise UnitError(f"{str(observed)!r} is a {kind} but '{self}' bounds a {self.dimension}")
        if isinstance(observed, Quantity) and self.limit is not None:
            return _COMPARATORS[self.comparator](observed.base, self.limit.base)
        return observed in self.texts

    def implies(self, other: Self) -> bool:
        """Whether whatever keeps this bound keeps the other; False for two of different kinds."""
        if self.dimension != other.dimension:
            return False
        if self.limit is None or other.limit is None:
            return {*self.texts} <= {*other.texts}
        low, high = sorted((self.limit.base, other.limit.base))
        places = (low - 1, low, (low + high) / 2, high, high + 1)  # one of each part that two limits make
        ours, theirs = _COMPARATORS[self.comparator], _COMPARATORS[other.comparator]
        return all(theirs(at, other.limit.base) for at in places if ours(at, self.limit.base))

    def limit_in_words(self, language: str) -> str:
        """The limit, or the texts that are allowed, as a sentence has them in ``en`` or ``ja``."""
        return self.limit.in_words(language) if self.limit else {"en": " or ", "ja": " か "}[language].join(self.texts)

    def is_worse(self, observed: Quantity, than: Quantity) -> bool:
        """Whether a quantity is farther on the wrong side of the bound than another, or farther from what it equals."""
        if self.limit is None or self.comparator in ("<", "<="):
            return observed.base > than.base
        if self.comparator in (">", ">="):
            return observed.base < than.base
        return abs(observed.base - self.limit.base) > abs(than.base - self.limit.base)

    def __str__(self) -> str:
        if self.limit is not None:
            return f"{self.comparator} {self.limit}"
        return f"{self.comparator} " + ", ".join(f"'{text}'" for text in self.texts)


def figure(number: Decimal | float, *marks: Decimal | float, decimals: int = 1, rounding: str = ROUND_HALF_EVEN) -> str:
    """Write a number with so many decimals, and with as many more as keep it on its own side of each mark.

    >>> figure(5.24, 5), figure(5.02, 5)
    ('5.2', '5.02')
    """
    exact, sides = Decimal(str(number)), [Decimal(str(mark)) for mark in marks]
    short = exact
    while exact.is_finite():
        short = exact.quantize(Decimal(1).scaleb(-decimals), rounding, Context(prec=MAX_PREC))
        if all(short.compare(side) == exact.compare(side) for side in sides):
            break
        decimals += 1
    return f"{short:,f}"


def percentage(share: float, *marks: float, decimals: int = 1, rounding: str = ROUND_HALF_EVEN) -> str:
    """Write a share in percent, which is 0 or 100, or beyond a mark, only if the share is.

    >>> percentage(0.5), percentage(0.99996), percentage(0.0)
    ('50.0%', '99.996%', '0.0%')
    """
    exact, *sides = (Decimal(str(each)) * 100 for each in (share, 0, 1, *marks))
    return f"{figure(exact, *sides, decimals=decimals, rounding=rounding)}%"
