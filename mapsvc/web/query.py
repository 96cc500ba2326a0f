"""Reading a query string into a frozen dataclass whose annotations say what is allowed.

A `Parameter` is one row of the table in `mapsvc.web.params`: it reads the text, words the error
and describes itself in OpenAPI, so that the three cannot drift apart.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints
from urllib.parse import unquote_plus

from mapsvc.errors import InvalidValue

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_MAX_FIELDS = 100
_MAX_ERRORS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One row: how a text is read, and how that is written in OpenAPI.

    ``read`` raises ValueError for a text that is not ``allowed`` (the end of "… is not …").
    """

    description: str
    schema: Mapping[str, Any]
    allowed: str
    read: Callable[[str], Any]
    example: Any = None
    exploded: bool = True
    """False where the value is a list with commas."""


_NUMBER = re.compile(r"[+-]?(\d{1,25}(\.\d{0,25})?|\.\d{1,25})([eE][+-]?\d{1,3})?", re.ASCII)
_NUMBERS = re.compile(rf"(?:{_NUMBER.pattern})(?:,(?:{_NUMBER.pattern}))*", re.ASCII)
_WHOLE = re.compile(r"\d{1,10}", re.ASCII)


def decimal(text: str) -> float:
    # float() also takes nan, infinity, underscores, spaces and the digits of every script.
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text)


def decimals(text: str, count: int) -> list[float]:
    """So many numbers with commas between them."""
    parts = text.split(",")
    if len(parts) != count or not _NUMBERS.fullmatch(text):
        raise ValueError(text)
    return list(map(float, parts))


def number(low: float, high: float, *, description: str, example: float) -> Parameter:
    def read(text: str) -> float:
        value = decimal(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return Parameter(
        description=description,
        schema={"type": "number", "minimum": low, "maximum": high},
        allowed=f"a number from {low} to {high}",
        read=read,
        example=example,
    )


def whole(low: int, high: int, *, description: str, example: int | None = None) -> Parameter:
    def read(text: str) -> int:
        if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    return Parameter(
        description=description,
        schema={"type": "integer", "minimum": low, "maximum": high},
        allowed=f"a whole number from {low} to {high}",
        read=read,
        example=example,
    )


def choice(*values: str, description: str, read: Callable[[str], Any] = str) -> Parameter:
    def read_one(text: str) -> Any:
        if text not in values:
            raise ValueError(text)
        return read(text)

    return Parameter(
        description=description,
        schema={"type": "string", "enum": list(values)},
        allowed=f"one of {', '.join(values)}",
        read=read_one,
    )


def text(length: int, *, description: str, example: str | None = None) -> Parameter:
    def read(text: str) -> str:
        controls = any(unicodedata.category(c) in ("Cc", "Cs") for c in text)
        if controls or not text.strip() or len(text) > length:
            raise ValueError(text)
        return text

    return Parameter(
        description=description,
        schema={"type": "string", "minLength": 1, "maxLength": length},
        allowed=f"a text of 1 to {length} characters without control characters",
        read=read,
        example=example,
    )


class WrongParameter(InvalidValue):
    """One thing that is wrong with a query, where "value is not allowed" does not say it.

    Args:
        name: the parameter.
        value: its value as it came, or None.
        allowed: what is allowed.
        reason: the sentence after the name.
    """

    def __init__(self, name: str, value: object, allowed: str, reason: str) -> None:
        super().__init__(name, value, allowed)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class RepeatedParameter(WrongParameter):
    """A parameter that was given more than once."""


class InvalidParameters(InvalidValue):
    """All that is wrong with a query; itself it speaks of the first error.

    Args:
        errors: at least one.
    """

    def __init__(self, errors: tuple[InvalidValue, ...]) -> None:
        super().__init__(errors[0].name, errors[0].value, errors[0].allowed)
        self.errors = errors

    def __str__(self) -> str:
        return "; ".join(str(error) for error in self.errors)


P = TypeVar("P", bound="DataclassInstance")


@functools.cache
def table(wanted: type[DataclassInstance]) -> dict[str, tuple[Parameter, Any]]:
    """The parameters of an endpoint: name → (row, default); MISSING where one is required."""
    hints = get_type_hints(wanted, include_extras=True)
    return {f.name: (hints[f.name].__metadata__[0], f.default) for f in dataclasses.fields(wanted)}


@functools.cache
def _readers(wanted: type[DataclassInstance]) -> dict[str, Callable[[str], Any]]:
    return {name: parameter.read for name, (parameter, _) in table(wanted).items()}


@functools.cache
def _required(wanted: type[DataclassInstance]) -> frozenset[str]:
    return frozenset(name for name, (_, default) in table(wanted).items() if default is MISSING)


def parse(wanted: type[P], query: bytes, *, lenient: bool = False) -> P:
    """Read a query string.

    Args:
        wanted: the endpoint's parameters.
        query: the query string as it came (``request.query_string``).
        lenient: for pages: unknown parameters and empty values (of a form's empty fields) are
            passed over.

    Raises:
        InvalidParameters: anything is unknown, missing, repeated, empty or not allowed.

    >>> from mapsvc.web.params import PointParams
    >>> parse(PointParams, b"lat=29.9&lon=121.6").point
    Point(lon=121.6, lat=29.9, datum=<Datum.WGS84: 'wgs84'>)
    """
    pairs = _pairs(query)
    readers = _readers(wanted)
    if lenient:
        pairs = [(name, text) for name, text in pairs if text and name in readers]
    try:
        values = {name: readers[name](text) for name, text in pairs}
    except (KeyError, ValueError):
        raise _faults(wanted, pairs) from None
    if len(values) < len(pairs) or not values.keys() >= _required(wanted):
        raise _faults(wanted, pairs)
    return wanted(**values)


def _faults(wanted: type[DataclassInstance], pairs: list[tuple[str, str]]) -> InvalidParameters:
    """All that is wrong with a query, in words; something is."""
    rows = table(wanted)
    errors: list[InvalidValue] = []
    texts: dict[str, list[str]] = {}
    for name, text in pairs:
        texts.setdefault(name, []).append(text)
    known = ", ".join(rows) or "none"
    errors += [
        WrongParameter(name, texts[name][0], known, f"no such parameter; there are: {known}")
        for name in texts
        if name not in rows
    ]
    for name, (parameter, default) in rows.items():
        if name in texts:
            try:
                _value(name, texts[name], parameter)
            except InvalidValue as error:
                errors.append(error)
        elif default is MISSING:
            allowed = parameter.allowed
            errors.append(WrongParameter(name, None, allowed, f"is missing; it is {allowed}"))
    return InvalidParameters(tuple(errors[:_MAX_ERRORS]))


def _pairs(query: bytes) -> list[tuple[str, str]]:
    """Names and values in order, read as `urllib.parse.parse_qsl` reads them, blank ones too."""
    parts = [part.partition(b"=") for part in query.split(b"&") if part]
    decode = _unquoted if b"%" in query or b"+" in query else bytes.decode
    try:
        pairs = [(decode(name), decode(text)) for name, _, text in parts]
    except ValueError:
        pairs = None
    if pairs is None or query.count(b"&") >= _MAX_FIELDS:
        allowed = f"at most {_MAX_FIELDS} parameters in UTF-8"
        raise InvalidParameters((InvalidValue("query", query.decode("latin-1"), allowed),))
    return pairs


def _unquoted(part: bytes) -> str:
    return unquote_plus(part.decode(), errors="strict")


def _value(name: str, texts: list[str], parameter: Parameter) -> None:
    if len(texts) > 1:
        times = f"given {len(texts)} times; once is allowed"
        raise RepeatedParameter(name, texts[1], parameter.allowed, times)
    read(name, texts[0], parameter)


def read(name: str, text: str, parameter: Parameter) -> Any:
    """One value that is no part of the query string, such as a header's.

    Raises:
        InvalidValue: the text is not allowed.
    """
    try:
        return parameter.read(text)
    except ValueError:
        raise InvalidValue(name, text, parameter.allowed) from None
