"""Everything that mapsvc raises on purpose: one tree, with no HTTP in it.

The web layer and the command line each hold one table that turns these into a status or an
exit code. An error's text is one sentence that names the place, the value and what is allowed.
"""

from __future__ import annotations

_SHOWN = 80


def shown(value: object) -> str:
    """``value`` as one short line that is safe to print: quoted, escaped, cut at 80 characters.

    >>> shown("<b>")
    "'<b>'"
    """
    text = ascii_controls(repr(value))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def ascii_controls(text: str) -> str:
    """Escape what a terminal or a bidirectional display would act on; leave letters alone."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


class MapsvcError(Exception):
    """The base of the tree; catch it at the edge of the program."""


class InvalidValue(MapsvcError, ValueError):
    """A value that cannot be what it is meant to be.

    Args:
        name: what the value is for, as the caller knows it (``lat``, ``MAPSVC_PORT``).
        value: the value as it came.
        allowed: what is allowed, as the end of the sentence "… is not …".
    """

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(f"{name}: {shown(value)} is not {allowed}")
        self.name = name
        self.value = value
        self.allowed = allowed


class SettingError(InvalidValue):
    """A ``MAPSVC_*`` variable with a value that cannot be used."""


class NotFound(MapsvcError, LookupError):
    """Nothing is stored under this key.

    Args:
        kind: what was looked for (``branch``, ``district``, ``list``).
        key: the key as it came.
    """

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"no {kind} {shown(key)}")
        self.kind = kind
        self.key = key


class ListFileError(MapsvcError):
    """A list file that cannot be read as a whole: wrong type, encoding, size or columns."""


class DistrictsError(MapsvcError):
    """District polygons that cannot be used: missing, invalid or overlapping."""


class GeocodingError(MapsvcError):
    """An address that could not be placed."""


class NotCached(GeocodingError):
    """The cache holds no answer for the address, and nobody else may be asked.

    Args:
        address: in canonical form, under which an answer would be found.
        providers: whose answers were looked up.
    """

    def __init__(self, address: str, providers: tuple[str, ...]) -> None:
        looked_up = ", ".join(providers)
        super().__init__(f"no cached answer for {shown(address)} (looked up: {looked_up})")
        self.address = address
        self.providers = providers


class DamagedRecord(GeocodingError):
    """A cached answer that cannot be read.

    Args:
        provider: whose answer, by its key.
        query: to what.
        problem: what is wrong with it.
    """

    def __init__(self, provider: str, query: str, problem: str) -> None:
        super().__init__(
            f"the cached answer of {provider} to {shown(query)} is damaged ({problem}); "
            "'mapsvc cache verify' finds all of them, and 'mapsvc cache import' replaces them"
        )


class ProviderError(GeocodingError):
    """A geocoding provider gave no usable answer. "Nothing found" is an answer and no error.

    Args:
        provider: the provider's name, as ``MAPSVC_GEOCODERS`` has it.
        message: what happened and what to do; free of keys.
    """

    may_pass = False
    """True where asking the same again, later, can help."""
    retry_after_s: float | None = None
    """The seconds that the provider asks to wait, if it says so."""

    def __init__(self, provider: str, message: str) -> None:
        super().__init__(f"{provider}: {message}")
        self.provider = provider
        self.message = message


class ProviderRefused(ProviderError):
    """Wrong key, signature or privilege: every further question would end the same."""


class QuotaExhausted(ProviderError):
    """The provider's quota is used up: every further question today would end the same."""


class BadAnswer(ProviderError):
    """An answer that cannot be used: no JSON, too large, a redirect, a position out of range."""


class _Passing(ProviderError):
    """An error that may pass; takes ``retry_after_s`` as a third argument."""

    may_pass = True

    def __init__(self, provider: str, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(provider, message)
        self.retry_after_s = retry_after_s


class RateLimited(_Passing):
    """The provider was asked too fast."""


class ProviderUnavailable(_Passing):
    """The provider cannot be reached, is too slow, or is out of order."""


class StoreError(MapsvcError):
    """The store cannot be read or written; nothing of the failed change is kept."""
