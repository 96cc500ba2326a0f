"""What all providers share: geopy's Geocoder with our adapter, asked with a `Question`.

As geopy geocoders they answer ``geocode("…")`` with a `geopy.Location` in WGS-84. The run asks
through ``phrase`` and ``ask``. Keys and signatures are added to a URL in the last moment, after
geopy has logged it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from geopy.adapters import BaseAdapter
from geopy.geocoders.base import DEFAULT_SENTINEL, Geocoder
from geopy.location import Location

from mapsvc.address.normalise import canonical
from mapsvc.address.numbers import spoken
from mapsvc.address.plan import Question
from mapsvc.config import ProviderSettings
from mapsvc.errors import BadAnswer, ProviderError
from mapsvc.geocoding.adapter import ProviderAdapter
from mapsvc.geocoding.interpret import best_candidate, interpret
from mapsvc.geocoding.transport import Transport
from mapsvc.model import Geocode, Precision

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time to the second, which is all that a record needs."""
    return datetime.now(UTC).replace(microsecond=0)


class ProviderGeocoder(Geocoder):  # type: ignore[misc]  # geopy ships no types
    """One provider.

    Args:
        settings: its address, key, secret and timeout.
        transport: the way out.
        user_agent: who asks, in ASCII.
        clock: the time of an answer.
        geopy_arguments: what geopy's own class of this provider takes beside.
    """

    name: ClassVar[str]
    path: ClassVar[str]
    """Of the request, from the service's address on."""
    needs_key: ClassVar[bool] = False

    def __init__(
        self,
        settings: ProviderSettings,
        transport: Transport,
        *,
        user_agent: str,
        clock: Clock = utc_now,
        **geopy_arguments: Any,
    ) -> None:
        def adapter(**_unused: object) -> BaseAdapter:
            return ProviderAdapter(self.name, transport)

        super().__init__(
            scheme=urlsplit(settings.url).scheme,
            timeout=settings.timeout,
            proxies={},
            user_agent=user_agent,
            ssl_context=None,
            adapter_factory=adapter,
            **geopy_arguments,
        )
        self.settings = settings
        self._clock = clock

    def phrase(self, question: Question) -> tuple[str, Mapping[str, str]]:
        """The canonical query and the options that change its answer: the cache's key."""
        return canonical(question.text), {}

    def parameters(self, query: str, options: Mapping[str, str]) -> dict[str, str]:
        """The request's parameters, without key and signature."""
        raise NotImplementedError

    def ask(self, question: Question) -> Geocode:
        """One request, and its answer: found or not found; raises only `ProviderError`."""
        query, options = self.phrase(question)
        answer = self._answer(query, options, self.timeout)
        return interpret(self.name, answer, query=query, options=options, located_at=self._clock())

    def geocode(
        self, query: str, *, exactly_one: bool = True, timeout: Any = DEFAULT_SENTINEL
    ) -> Any:
        """As geopy's: a Location in WGS-84, a list of one where not ``exactly_one``, or None.

        Raises:
            ProviderError: no usable answer.
        """
        question = Question(text=canonical(query), best=Precision.BUILDING)
        text, options = self.phrase(question)
        seconds = self.timeout if timeout is DEFAULT_SENTINEL else timeout
        answer = self._answer(text, options, seconds)
        found = interpret(self.name, answer, query=text, options=options, located_at=self._clock())
        if found.point is None:
            return None
        candidate = best_candidate(self.name, answer, text)
        label = (candidate.label if candidate else "") or query
        location = Location(label, (found.point.lat, found.point.lon), answer)
        return location if exactly_one else [location]

    def _answer(self, query: str, options: Mapping[str, str], timeout_s: float) -> Any:
        url = f"{self.settings.url}{self.path}?{urlencode(self.parameters(query, options))}"
        try:
            return self._call_geocoder(url, _as_it_is, timeout=timeout_s)
        except ProviderError:
            raise
        except Exception as error:  # whatever else geopy may raise ends here, without its text
            raise BadAnswer(self.name, f"cannot be asked ({type(error).__name__})") from None

    def _call_geocoder(self, url: str, callback: Callable[[Any], Any], **options: Any) -> Any:
        return super()._call_geocoder(self.signed(url), callback, **options)

    def signed(self, url: str) -> str:
        """``url`` with the key, and with the signature where there is a secret."""
        return url


class WordsGeocoder(ProviderGeocoder):
    """A provider at an own server that is asked in words, for some results.

    Args:
        settings: its address, key, secret and timeout.
        transport: the way out.
        options: those of `ProviderGeocoder`, and what geopy's own class takes beside its domain.
    """

    words: ClassVar[str] = "q"
    """The name of the parameter that holds the question."""
    most: ClassVar[str] = "limit"
    """That of the number of results."""

    def __init__(self, settings: ProviderSettings, transport: Transport, **options: Any) -> None:
        super().__init__(settings, transport, domain=domain(settings), **options)

    def phrase(self, question: Question) -> tuple[str, Mapping[str, str]]:
        return canonical(question.text), {self.words: spaced(question)}

    def parameters(self, query: str, options: Mapping[str, str]) -> dict[str, str]:
        return {self.words: query, **options, self.most: "5"}


def _as_it_is(answer: Any) -> Any:
    return answer


def with_parameters(url: str, **parameters: str) -> str:
    """``url``, which has parameters, with more of them at its end."""
    return f"{url}&{urlencode(parameters)}"


def spaced(question: Question, number: Callable[[str], str] = spoken) -> str:
    """The question in words from coarse to fine, as OpenStreetMap's geocoders can split it.

    Below a street or a named place neither province nor town is named: they are often missing in
    OpenStreetMap, and each word that is not found there would lose the answer.

    Args:
        question: with its parts.
        number: how a house number is written; by default as it is spoken, with 号.

    >>> house = {"city": "宁波市", "district": "鄞州区", "street": "天童北路", "number": "933"}
    >>> spaced(Question(text="…", best=Precision.BUILDING, town="钟公庙街道", **house))
    '宁波市 鄞州区 天童北路 933号'
    """
    city, area = question.city or question.province, question.district or question.zone
    if question.place:
        words = [city, area, question.place]
    elif question.street:
        words = [city, area, question.street, number(question.number) if question.number else ""]
    else:
        words = [question.province, question.city, area, question.town]
    words = list(dict.fromkeys(word for word in words if word))  # 北京市 is province and city
    return " ".join(words) or question.text


def domain(settings: ProviderSettings) -> str:
    """The address as geopy takes it: without its scheme."""
    return settings.url.partition("://")[2]
