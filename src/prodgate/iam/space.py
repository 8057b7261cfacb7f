"""All requests that a question covers, as z3 formulas: a proof that none is allowed, or one that is."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from decimal import Decimal, InvalidOperation
from functools import cached_property
from ipaddress import ip_address, ip_network
from itertools import pairwise
from typing import Any, Final

import z3

from ..semantics.unresolved import Unresolved
from .documents import Condition, Document, Statement
from .evaluation import (
    Answer,
    Asked,
    Caller,
    Decision,
    Operator,
    Policies,
    Request,
    compare,
    evaluate,
    find_without_value,
    holds,
    holds_without_key,
    parse_date,
    read_operator,
)
from .known_actions import may_reach_over
from .patterns import Lookup, Pattern, Wild, is_everything, matches, names, reach_over, read_arn_pattern, read_pattern
from .truth import Doubt, Truth, doubt

# ── Formulas: certain, perhaps, as far as understood

#: z3's own count of steps for one question, some seconds: the same on every machine, unlike a time.
STEPS: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Formula:
    """A statement about a request, three ways."""

    surely: Any
    """Holds only if the statement certainly does."""
    exactly: Any
    """Holds if the statement does; an unknown part is a variable, the same wherever the same is written."""
    perhaps: Any
    """Holds whenever the statement may."""


def exact(expression: Any) -> Formula:
    """Return a formula without unknown parts."""
    return Formula(expression, expression, expression)


def constant(value: Truth, name: str = "") -> Formula:
    """Return a known value for every request.

    A doubt becomes a variable: a new one, or the one of a name, which then must state everything that its truth depends
    on except the request.
    """
    if isinstance(value, Doubt):
        variable = z3.Bool(f"doubt: {name}") if name else z3.FreshBool("doubt")
        return Formula(z3.BoolVal(False), variable, z3.BoolVal(True))
    return exact(z3.BoolVal(value))


class Formulas:
    """The logic of proofs."""

    def all_of(self, values: Iterable[Formula]) -> Formula:
        """Return whether all hold."""
        return _combine(z3.And, list(values))

    def any_of(self, values: Iterable[Formula]) -> Formula:
        """Return whether one holds."""
        return _combine(z3.Or, list(values))

    def negate(self, value: Formula) -> Formula:
        """Return the opposite."""
        return Formula(z3.Not(value.perhaps), z3.Not(value.exactly), z3.Not(value.surely))

    def constant(self, value: Truth) -> Formula:
        """Return a known value for every request."""
        return constant(value)


def _combine(join: Any, values: Sequence[Formula]) -> Formula:
    return Formula(
        *(z3.simplify(join([getattr(value, side) for value in values])) for side in ("surely", "exactly", "perhaps"))
    )


_CHARACTER: Final = z3.AllChar(z3.ReSort(z3.StringSort()))
_NO_COLON: Final = z3.Union(z3.Range(chr(0), "9"), z3.Range(";", chr(0x2FFFF)))


def text(written: str) -> Any:
    """Return a text literally: z3 would read a backslash as the start of a character's number."""
    return z3.StringVal(written.replace("\\", "\\u{5c}"))


def fits(variable: Any, pattern: Pattern) -> Any:
    """Return that a text matches a pattern."""
    tokens = [token for token in pattern if token != ""]
    parts = [_render(token) for token in tokens]
    if all(isinstance(token, str) for token in tokens):
        return variable == text("".join(map(str, tokens)))
    if len(tokens) == 1 and isinstance(tokens[0], Wild) and tokens[0].many:
        return z3.BoolVal(True)  # part of an ARN, which holds no separator that it must not cross
    return z3.InRe(variable, z3.Concat(*parts) if len(parts) > 1 else parts[0])


def fits_in_any_case(variable: Any, wanted: str) -> Any:
    """Return that a text equals another one, ignoring case."""
    parts = [z3.Union(z3.Re(text(one.lower())), z3.Re(text(one.upper()))) for one in wanted]
    return z3.InRe(variable, z3.Concat(*parts) if len(parts) > 1 else parts[0]) if parts else variable == ""


def _render(token: str | Wild) -> Any:
    if isinstance(token, str):
        return z3.Re(text(token))
    one = _NO_COLON if token.within else _CHARACTER
    return z3.Star(one) if token.many else one


def is_readable(variable: Any) -> Any:
    """Return that a text consists of letters, digits and ARN characters, for readable requests."""
    return is_word(variable, "ABCDEFGHIJKLMNOPQRSTUVWXYZ:/-_.@")


def is_word(variable: Any, signs: str) -> Any:
    """Return that a text is a non-empty word of small letters, digits and some signs."""
    return z3.InRe(variable, z3.Plus(z3.Union(z3.Range("a", "z"), z3.Range("0", "9"), *map(z3.Re, signs))))


def is_letters(variable: Any) -> Any:
    """Return that a text begins with letters, at least two characters long, as services and verbs do."""
    letter = z3.Range("a", "z")
    return z3.InRe(variable, z3.Concat(letter, z3.Plus(z3.Union(letter, z3.Range("0", "9"), z3.Re("-")))))


class Unsettled(Exception):
    """The solver gave up."""


def find_model(*constraints: Any) -> Any | None:
    """Return values that satisfy all constraints, or None: then there provably are none. Raises Unsettled."""
    solver = z3.Solver()
    solver.set("rlimit", STEPS)
    solver.set("ctrl_c", False)  # it would restore the handler so that no later wait of this process is interrupted
    solver.add(*constraints)
    found = solver.check()
    if found == z3.unknown:
        raise Unsettled("the solver did not come to an end within its steps")
    return solver.model() if found == z3.sat else None


def text_of(model: Any, variable: Any) -> str:
    """Return the text that a model gives to a variable."""
    written = model.eval(variable, model_completion=True).as_string()
    return re.sub(r"\\u\{([0-9a-fA-F]+)\}", lambda found: chr(int(found[1], 16)), written)


#: The known context of a request: values, or None for a key that it does not carry.
Given = Mapping[str, str | tuple[str, ...] | None]
_TEXTS: Final = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})
_MOST_VALUES: Final = 4
_LOGIC: Final = Formulas()
#: What one doubt is about, the same in each statement.
_ACROSS: Final = "an asterisk that ends a part of an ARN reaches over colons"
_ARN: Final = read_arn_pattern("arn:*:*:*:*:*", None)


@dataclass(frozen=True)
class Key:
    """A condition key that may have any value, several, or none."""

    name: str
    conditions: tuple[Condition, ...]

    @cached_property
    def family(self) -> str:
        """How its values are compared: ``text``, another family, or nothing if they are compared in several ways."""
        read = [one for one in map(_read, self.conditions) if one is not None and one.base != "null"]
        families = {
            "text"
            if one.base in _TEXTS
            else next((kind for kind in ("numeric", "date") if one.base.startswith(kind)), one.base)
            for one in read
        }
        return next(iter(families), "text") if len(families) < 2 else ""

    @cached_property
    def slots(self) -> int:
        """How many values suffice: each condition on several needs one value that meets it, or one that breaks it."""
        return max(1, sum(one.operator.lower().startswith("for") for one in self.conditions))

    @cached_property
    def candidates(self) -> tuple[str, ...]:
        """Values that represent all others in comparisons, for families other than texts."""
        texts = sorted({value for one in self.conditions if one.operator.lower() != "null" for value in one.values})
        return tuple(dict.fromkeys(_CANDIDATES[self.family](texts))) if self.family in _CANDIDATES else ()

    @cached_property
    def is_understood(self) -> bool:
        """Whether its values are compared in one way, are valid, and few of them suffice."""
        return self.slots <= _MOST_VALUES and (self.family == "text" or bool(self.candidates))

    @cached_property
    def present(self) -> list[Any]:
        """Whether it has a first value, a second, …"""
        return [z3.Bool(f"{self.name} has {number}") for number in range(self.slots)]

    @cached_property
    def values(self) -> list[Any]:
        """Its values: texts, or numbers of candidates."""
        make = z3.Int if self.candidates else z3.String
        return [make(f"{self.name} {number}") for number in range(self.slots)]

    def rules(self) -> Iterator[Any]:
        """Yield the rules of its variables in every request."""
        for number, value in enumerate(self.values):
            if self.candidates:
                yield z3.And(value >= 0, value < len(self.candidates))
            if number:
                yield z3.Implies(self.present[number], self.present[number - 1])

    def readable(self) -> Iterator[Any]:
        """Yield the rules that make its values readable."""
        yield from () if self.candidates else map(is_readable, self.values)

    def read(self, model: Any) -> str | tuple[str, ...] | None:
        """Return its value in a model."""
        given = [value for value, present in zip(self.values, self.present, strict=True) if _is_true(model, present)]
        texts = tuple(self._name(model, value) for value in given)
        several = any(one.operator.lower().startswith("for") for one in self.conditions)
        return (texts if several and len(texts) > 1 else texts[0]) if texts else None

    def _name(self, model: Any, value: Any) -> str:
        if not self.candidates:
            return text_of(model, value)
        return self.candidates[int(model.eval(value, model_completion=True).as_long())]


@dataclass(frozen=True)
class Space:
    """All requests with the given parts, as formulas over the keys that conditions name."""

    given: Given
    keys: Mapping[str, Key] = field(default_factory=dict)

    def look_up(self, key: str) -> str | Doubt | None:
        """Return the value of a variable, if it is the same in every request."""
        if key not in self.given:
            return doubt(f"${{{key}}} may stand for anything")
        value = self.given[key]
        return doubt(f"${{{key}}} has several values") if isinstance(value, tuple) else value

    def holds(self, condition: Condition, has_variables: bool) -> Formula:
        """Return that a condition holds."""
        lookup = self.look_up if has_variables else None
        name = f"{condition.operator} {condition.key} {condition.values} {has_variables}"
        if condition.key in self.given:
            known = {key: value for key, value in self.given.items() if value is not None}
            return constant(holds(condition, known, lookup), name)
        read, key = read_operator(condition.operator), self.keys[condition.key]
        if isinstance(read, Doubt):
            return constant(read, name)
        if not condition.values or not key.is_understood:
            return constant(doubt(f"{condition.operator} of {condition.key} is not understood here"), name)
        if read.base == "null":
            return self._compare_presence(condition, key, name)
        return _quantify(read, key, [self._compare(read, key, n, condition, lookup) for n in range(key.slots)], name)

    def _compare_presence(self, condition: Condition, key: Key, name: str) -> Formula:
        absent = {text: holds(Condition("Null", "", (text,)), {}, None) for text in condition.values}
        if any(isinstance(one, Doubt) for one in absent.values()):
            return constant(doubt(f"Null of {key.name} compares with no truth value"), name)
        return exact(z3.Or([z3.Not(key.present[0]) if one else key.present[0] for one in absent.values()]))

    def _compare(self, read: Operator, key: Key, slot: int, condition: Condition, lookup: Lookup | None) -> Formula:
        value = key.values[slot]
        if key.candidates:
            name = f"{read} {condition.values} of {key.name} {slot}"
            each = [constant(compare(read, one, condition.values, lookup), name) for one in key.candidates]
            return _LOGIC.any_of([_LOGIC.all_of([exact(value == n), one]) for n, one in enumerate(each)])
        found = _LOGIC.any_of([_match_text(read.base, value, text, lookup) for text in condition.values])
        if read.negated and find_without_value(condition.values, lookup):
            unsure = constant(doubt("a variable has no value"), f"{condition.values} {lookup is not None}")
            found = _LOGIC.any_of([found, unsure])
        return _LOGIC.negate(found) if read.negated else found


def _quantify(read: Operator, key: Key, each: list[Formula], name: str) -> Formula:
    pairs = [(exact(present), one) for present, one in zip(key.present, each, strict=True)]
    if read.quantifier == "forallvalues":
        return _LOGIC.all_of([_LOGIC.any_of([_LOGIC.negate(has), one]) for has, one in pairs])
    if read.quantifier:
        return _LOGIC.any_of([_LOGIC.all_of([has, one]) for has, one in pairs])
    single = _LOGIC.any_of(
        [
            _LOGIC.all_of([_LOGIC.negate(pairs[0][0]), constant(holds_without_key(read))]),
            _LOGIC.all_of(pairs[0]),
        ]
    )
    if key.slots == 1:
        return single
    several = constant(doubt(f"{key.name} has several values"), name)
    return _LOGIC.any_of(
        [_LOGIC.all_of([exact(key.present[1]), several]), _LOGIC.all_of([exact(z3.Not(key.present[1])), single])]
    )


def _match_text(base: str, value: Any, wanted: str, lookup: Lookup | None) -> Formula:
    is_arn = base.startswith("arn")
    pattern: Pattern | Doubt | None
    if base.startswith("stringequals") and (lookup is None or "${" not in wanted):
        return exact(value == text(wanted) if base == "stringequals" else fits_in_any_case(value, wanted))
    if base == "stringequalsignorecase" or (base == "stringequals" and ("*" in wanted or "?" in wanted)):
        pattern = doubt(f"{wanted} holds a variable")
    else:
        pattern = (read_arn_pattern if is_arn else read_pattern)(wanted, lookup)
    name = f"{base} {wanted} {lookup is not None} of {value}"
    if pattern is None or isinstance(pattern, Doubt):
        return constant(False if pattern is None else pattern, name)
    if not is_arn:
        return exact(fits(value, pattern))
    assert isinstance(_ARN, tuple)
    unsure = constant(doubt("it is compared as an ARN, and is none"), f"no ARN: {name}")
    return _LOGIC.any_of([exact(fits(value, pattern)), _LOGIC.all_of([exact(z3.Not(fits(value, _ARN))), unsure])])


def build_space(statements: Iterable[Statement], given: Given) -> Space:
    """Return the space of all requests with the given parts."""
    found: dict[str, list[Condition]] = {}
    for one in statements:
        for condition in one.conditions:
            if condition.key not in given:
                found.setdefault(condition.key, []).append(condition)
    return Space(given, {name: Key(name, tuple(dict.fromkeys(of))) for name, of in found.items()})


def _is_true(model: Any, variable: Any) -> bool:
    return bool(z3.is_true(model.eval(variable, model_completion=True)))


def _read(condition: Condition) -> Operator | None:
    read = read_operator(condition.operator)
    return None if isinstance(read, Doubt) else read


def _numbers(texts: list[str]) -> Iterator[str]:
    try:
        found = sorted({Decimal(text) for text in texts})
    except InvalidOperation:
        return
    for lower, upper in zip([found[0] - 2, *found], [*found, found[-1] + 2], strict=True):
        yield from (str(lower), str((lower + upper) / 2), str(upper))


def _dates(texts: list[str]) -> Iterator[str]:
    try:
        found = sorted({parse_date(text) for text in texts})
        second = timedelta(seconds=1)
        between = [one + min(second, (after - one) / 2) for one, after in pairwise(found)]
        near = [found[0] - second, *found, *between, found[-1] + second]
        texts = [one.astimezone(UTC).isoformat() for one in near]
    except (ValueError, OverflowError):  # no date, or none before the first and after the last that can be written
        return
    yield from texts


def _addresses(texts: list[str]) -> Iterator[str]:
    try:
        found = [ip_network(text, strict=False) for text in texts]
    except ValueError:
        return
    yield from ("0.0.0.0", "::")  # noqa: S104  an address to be compared, not one to listen on
    for network in found:
        yield str(network[0])
        after = int(network[-1]) + 1
        if after < 2**network.max_prefixlen:
            yield str(type(network[0])(after) if network.version == 6 else ip_address(after))


_CANDIDATES: Final[Mapping[str, Callable[[list[str]], Iterable[str]]]] = {
    "numeric": _numbers,
    "date": _dates,
    "ipaddress": _addresses,
    "bool": lambda _texts: ("true", "false"),
}


# ── Requests as variables


def read_named(text: str) -> str | Pattern | Doubt:
    """Return a resource itself, or the pattern of those that a text with wildcards names."""
    if ("*" not in text and "?" not in text) or is_everything(text):
        return text
    pattern = read_arn_pattern(text, None)
    assert pattern is not None  # without variables, none of them is without a value
    return pattern


class Requests:
    """The requests of a space. A given action or resource without wildcards is no variable."""

    def __init__(self, space: Space, *, resource: str = "", action: str = "") -> None:
        self.space = space
        self._action, self._asked = action, resource or "arn:*:*:*:*:*"
        self._resource = read_named(resource) if resource else None
        self._service, self._verb = z3.String("service"), z3.String("verb")
        self._parts = [z3.String(f"resource {number}") for number in range(6)]
        self._is_everything = z3.Bool("the resource is *")

    def rules(self) -> Iterator[Any]:
        """Yield the rules of every request."""
        if not self._action:
            yield from (is_word(self._service, "-"), is_word(self._verb, "-_"))
            # everybody may, whatever the policies
            yield z3.Or(self._service != z3.StringVal("sts"), self._verb != z3.StringVal("getcalleridentity"))
        if not isinstance(self._resource, str):
            yield from (z3.Not(z3.Contains(part, ":")) for part in self._parts[:5])
            yield z3.Or(self._is_everything, self._parts[0] == z3.StringVal("arn"))
        if isinstance(self._resource, tuple):
            yield z3.And(z3.Not(self._is_everything), self._fits(self._resource))
        for key in self.space.keys.values():
            yield from key.rules()

    def readable(self) -> Iterator[Any]:
        """Yield the rules that make requests readable."""
        if not self._action:
            yield from (is_letters(text) for text in (self._service, self._verb))
        if not isinstance(self._resource, str):
            yield from (is_word(part, "-") for part in self._parts[1:3])
            yield from (z3.Or(part == "", is_word(part, "-")) for part in self._parts[3:5])
            yield is_word(self._parts[5], "ABCDEFGHIJKLMNOPQRSTUVWXYZ:/-_.")
        for key in self.space.keys.values():
            yield from key.readable()

    def applies(self, statement: Statement) -> Formula:
        """Return that a statement covers the request, under its conditions."""
        return _LOGIC.all_of(
            [
                self._match_action(statement),
                self._match_resource(statement),
                *(self.space.holds(one, statement.has_variables) for one in statement.conditions),
                *([constant(doubt(statement.doubted), statement.doubted)] if statement.doubted else ()),
            ]
        )

    def _match_action(self, statement: Statement) -> Formula:
        written = statement.actions if statement.actions is not None else statement.not_actions
        patterns = [read_pattern(one.lower(), None) for one in written or ()]
        found = _LOGIC.any_of([self._fits_action(one) for one in patterns if isinstance(one, tuple)])
        return found if statement.actions is not None else _LOGIC.negate(found)

    def _fits_action(self, pattern: Pattern) -> Formula:
        if self._action:
            return constant(matches(pattern, self._action))
        ways = [z3.And(fits(self._service, left), fits(self._verb, right)) for left, right in _split_action(pattern)]
        return exact(z3.Or(ways))

    def _match_resource(self, statement: Statement) -> Formula:
        if statement.resources is not None:
            return _LOGIC.any_of([self._match_one(one, statement, False) for one in statement.resources])
        if statement.not_resources is not None:
            named = [self._match_one(one, statement, True) for one in statement.not_resources]
            return _LOGIC.negate(_LOGIC.any_of(named))
        return constant(True)

    def _match_one(self, text: str, statement: Statement, inverted: bool) -> Formula:
        if is_everything(text):
            return constant(True)
        pattern = read_arn_pattern(text, self.space.look_up if statement.has_variables else None)
        if pattern is None and inverted:
            pattern = doubt(f"{text} names a variable without a value")
        if pattern is None or isinstance(pattern, Doubt):
            return constant(False if pattern is None else pattern, f"{text} {statement.has_variables}")
        if isinstance(self._resource, str):
            return constant(False if self._resource == "*" else names(pattern, self._resource), _ACROSS)
        ways = [exact(self._fits(pattern))]
        if may_reach_over(text, self._asked):
            over = exact(self._fits_over(_split_arn(reach_over(pattern))))
            ways.append(_LOGIC.all_of([over, constant(doubt(_ACROSS), _ACROSS)]))
        return _LOGIC.all_of([exact(z3.Not(self._is_everything)), _LOGIC.any_of(ways)])

    def _fits(self, pattern: Pattern) -> Any:
        return z3.And([fits(part, tokens) for part, tokens in zip(self._parts, _split_arn(pattern), strict=True)])

    def _fits_over(self, parts: Sequence[Pattern], at: int = 0) -> Any:
        """Return that the parts from some on match, where an asterisk at the end of one takes in parts after it."""
        if at == 5:
            return fits(self._parts[5], _join(parts))
        ways = [self._fits_over(parts[1:], at + 1)]
        if parts[0][-1:] == (Wild(True),) != parts[1][:1]:  # else the next one takes in as much
            ways += [self._fits_over(parts[1:], later) for later in range(at + 2, 6)]
            ways.append(fits(self._parts[5], _join([(Wild(True),), *parts[1:]])))
        return z3.And(fits(self._parts[at], parts[0]), z3.Or(ways))

    def read(self, model: Any, caller: Caller, account: str) -> Request:
        """Return the request of a model."""
        context = {key: value for key, value in self.space.given.items() if value is not None}
        found = {name: key.read(model) for name, key in self.space.keys.items()}
        return Request(
            caller=caller,
            action=self._action or f"{text_of(model, self._service)}:{text_of(model, self._verb)}",
            resource=self._read_resource(model),
            account=account,
            context=context | {name: value for name, value in found.items() if value is not None},
        )

    def _read_resource(self, model: Any) -> str:
        if isinstance(self._resource, str):
            return self._resource
        if z3.is_true(model.eval(self._is_everything, model_completion=True)):
            return "*"
        return ":".join(text_of(model, part) for part in self._parts)


def _join(parts: Sequence[Pattern]) -> Pattern:
    return tuple(token for part in parts for token in (":", *part))[1:]


def _split_arn(pattern: Pattern) -> list[Pattern]:
    """Return the patterns of the six parts; a colon between two of them is a token of its own."""
    parts: list[list[str | Wild]] = [[]]
    for token in pattern:
        if token == ":" and len(parts) < 6:  # noqa: S105  a sign, no secret
            parts.append([])
        else:
            parts[-1].append(token)
    return [tuple(part) for part in parts]


def _split_action(pattern: Pattern) -> Iterator[tuple[Pattern, Pattern]]:
    """Yield each split of a pattern at the only colon of an action, which an asterisk may contain."""
    for number, token in enumerate(pattern):
        before, after = pattern[:number], pattern[number + 1 :]
        if isinstance(token, str):
            for at in (n for n, sign in enumerate(token) if sign == ":"):
                yield (*before, token[:at]), (token[at + 1 :], *after)
        else:
            yield ((*before, token), (token, *after)) if token.many else (before, after)


# ── A principal's abilities

#: How many of a statement's resources are tried as guesses.
_MOST_GUESSES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whether a caller may do an action on some resource of a pattern, under some context."""

    caller: Caller
    action: str
    resource: str
    """An ARN with or without wildcards, or ``*`` for an action without a resource."""
    account: str
    """The account that owns the resource."""
    policies: Policies
    given: Given = field(default_factory=dict)
    """The known context; a key with None is known to be absent. Each other key may be anything."""


def ask(question: Question) -> Request | Doubt | None:
    """Return an allowed request; None if there provably is none; a doubt if neither is known."""
    given = {key.lower(): value for key, value in question.given.items()}
    space = build_space(list_statements(question.policies), given)
    resource = read_named(question.resource)
    if isinstance(resource, Doubt):
        return resource
    if (
        isinstance(resource, str)
        and not space.keys
        and not any(map(_holds_variables, list_statements(question.policies)))
    ):
        return _decide(question, given)
    return _guess(question, given) or _prove(
        question, Requests(space, resource=question.resource, action=question.action.lower())
    )


def _prove(question: Question, requests: Requests) -> Request | Doubt | None:
    asked = Asked(question.caller, question.action.lower(), question.resource, question.account)
    allowed = Decision(asked, question.policies, _LOGIC, requests.applies).allowed
    try:
        possible = find_model(allowed.exactly, *requests.rules())
        if possible is None:
            return None
        model = find_readable(requests, allowed.surely)
    except Unsettled as error:
        return doubt(str(error))
    if model is None:
        return _explain(question, requests, possible)
    return _confirm(question, requests.read(model, question.caller, question.account))


def _holds_variables(statement: Statement) -> bool:
    """Whether anything in it depends on the context, which may be open though no condition names its key."""
    return statement.has_variables and any("${" in text for text in list_texts(statement))


def list_texts(statement: Statement) -> Iterator[str]:
    """Yield the resources and the values of conditions of a statement, as written."""
    yield from (*(statement.resources or ()), *(statement.not_resources or ()))
    yield from (value for condition in statement.conditions for value in condition.values)


def _decide(question: Question, given: Given) -> Request | Doubt | None:
    """Answer a question without open parts: it is a single request."""
    request = Request(
        caller=question.caller,
        action=question.action.lower(),
        resource=question.resource,
        account=question.account,
        context={key: value for key, value in given.items() if value is not None},
    )
    try:
        return request if evaluate(request, question.policies) is Answer.ALLOWED else None
    except Unresolved as error:
        return doubt(str(error))


def _guess(question: Question, given: Given) -> Request | None:
    """Return an allowed request close to a statement, if there is one: most have one, and need no solver."""
    for statement in list_statements(question.policies):
        if not statement.allows:
            continue
        written = [one for one in statement.resources or () if not is_everything(one) and "${" not in one]
        for text in [*written, question.resource][:_MOST_GUESSES]:
            resource = text if text == "*" else re.sub(r"[*?]", "x", text)
            if not _is_asked(question.resource, resource):
                continue
            tests = (one for one in statement.conditions if one.key not in given and one.values)
            told = {one.key: re.sub(r"[*?]", "x", one.values[0]) for one in tests if "null" not in one.operator.lower()}
            found = _decide(replace(question, resource=resource), {**given, **told})
            if isinstance(found, Request):
                return found
    return None


def _is_asked(asked: str, resource: str) -> bool:
    pattern = read_named(asked)
    return resource == asked if isinstance(pattern, str) else matches(pattern, resource) is True


def _confirm(question: Question, request: Request) -> Request | Doubt:
    try:
        answer = evaluate(request, question.policies)
    except Unresolved as error:
        return doubt(str(error))
    if answer is Answer.ALLOWED:
        return request
    return doubt(f"solver and evaluator disagree on {request.action} on {request.resource}")


_VARIABLE: Final = re.compile(r"\$\{([^*?$}][^$}]*)\}")


def _explain(question: Question, requests: Requests, model: Any) -> Doubt:
    """Return the doubt that prevents a decision on a possible request."""
    request = requests.read(model, question.caller, question.account)
    texts = (text for one in list_statements(question.policies) if one.has_variables for text in list_texts(one))
    open_ones = {
        found[0]: None for text in texts for found in _VARIABLE.finditer(text) if found[1] not in question.given
    }
    if open_ones:
        about = f"{request.action} on {request.resource}"
        return doubt(
            f"whether {about} is allowed depends on {', '.join(open_ones)}, and what that is is not known here"
        )
    found = _confirm(question, request)
    return found if isinstance(found, Doubt) else doubt("it is allowed if what is not understood holds")


def list_statements(policies: Policies) -> Iterator[Statement]:
    """Yield every statement that applies."""
    groups: list[Sequence[Document]] = [policies.identity, policies.boundaries or (), policies.endpoint or ()]
    groups += [*policies.scps, *policies.rcps, [one for one in (policies.session, policies.resource) if one]]
    for documents in groups:
        for document in documents:
            yield from document.statements


def find_readable(requests: Requests, *constraints: Any) -> Any | None:
    """Return a readable model, else any, else None. Raises Unsettled."""
    try:
        found = find_model(*constraints, *requests.rules(), *requests.readable())
    except Unsettled:
        found = None
    return found if found is not None else find_model(*constraints, *requests.rules())
