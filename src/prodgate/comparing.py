"""What makes a method of a criterion a comparison: that it was taken, called, or could not be made is heard."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload

from .findings import Concluded
from .judgement import Doubt, describe, record_called, record_criterion, record_doubt, record_taken

P = ParamSpec("P")
Owner_contra = TypeVar("Owner_contra", contravariant=True)


class _Method(Protocol[Owner_contra, P]):
    """A method: a function on the class, bound to its object on an object."""

    @overload
    def __get__(self, owner: None, kind: type, /) -> Callable[..., None]: ...
    @overload
    def __get__(self, owner: Owner_contra, kind: type, /) -> Callable[P, None]: ...


def counted(method: Callable[Concatenate[Owner_contra, P], None]) -> _Method[Owner_contra, P]:
    """Make a comparison a doubt that was taken and never called, or could not be made, whoever catches what."""
    return cast("_Method[Owner_contra, P]", _Counted(method))


class _Counted:
    """A comparison as a descriptor; ``__func__`` is the function that it is."""

    def __init__(self, method: Callable[..., None]) -> None:
        self.__func__, self.__doc__ = method, method.__doc__
        self.__name__, self.__wrapped__ = method.__name__, method

    def __get__(self, owner: Any, kind: type) -> Callable[..., None]:
        if owner is None:
            return lambda owner, /, *args, **named: self(owner, *args, **named)
        taken = record_taken(f"{self.__name__}()")

        def compare(*args: Any, **named: Any) -> None:
            __tracebackhide__ = True
            record_called(taken)
            self(owner, *args, **named)

        return compare

    def __call__(self, owner: Any, /, *args: Any, **named: Any) -> None:
        __tracebackhide__ = True
        record_criterion(owner)
        try:
            self.__func__(owner, *args, **named)
        except Concluded:
            raise
        except BaseException as error:
            said = f"{self.__name__}() could not compare: {type(error).__name__}: {describe(error)}"
            record_doubt(Doubt(reason=said))
            raise


def runs_later(function: object) -> bool:
    """Whether a call of the function runs nothing of it: a coroutine or a generator, which would hold by accident."""
    kinds = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    return any(of_kind(function) for of_kind in kinds)
