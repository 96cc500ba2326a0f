"""The providers' own error codes, and what each of them means: one table a provider.

They come with HTTP 200 as often as not. Where a table has no entry for a code, a rule for its
range decides, and at last `BadAnswer`: an unknown trouble is taken to be this question's alone.
Sources: the error tables in each provider's documentation of its web service API.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mapsvc.errors import (
    BadAnswer,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
    shown,
)

Meaning = tuple[type[ProviderError], str]

_KEY = (ProviderRefused, "the key is wrong or not allowed from here: check MAPSVC_{NAME}_KEY")
_KIND = (ProviderRefused, "the key is of another kind: create one for web services on a server")
_SIGN = (ProviderRefused, "the signature is wrong: check MAPSVC_{NAME}_SECRET")
_ADDRESS = (
    ProviderRefused,
    "the key may not be used from this IP address: allow it in the console",
)
_RIGHT = (ProviderRefused, "the key has no right to geocode: enable the service in the console")
_QUOTA = (
    QuotaExhausted,
    "the quota is used up: go on tomorrow, or raise it and MAPSVC_{NAME}_QUOTA",
)
_RATE = (RateLimited, "asked too fast: lower MAPSVC_{NAME}_RATE")
_BUSY = (ProviderUnavailable, "the service is busy or out of order: try again later")
_QUESTION = (BadAnswer, "the service does not understand the question: check the address")

_AMAP: dict[str, Meaning] = {
    "10001": _KEY,
    "10002": _RIGHT,
    "10003": _QUOTA,
    "10004": _RATE,
    "10005": _ADDRESS,
    "10006": _KEY,
    "10007": _SIGN,
    "10008": _KEY,
    "10009": _KIND,
    "10010": _QUOTA,
    "10011": _RIGHT,
    "10012": _RIGHT,
    "10013": (ProviderRefused, "the key was deleted: set a new one in MAPSVC_{NAME}_KEY"),
    "10014": _RATE,
    "10015": _RATE,
    "10016": _BUSY,
    "10017": _BUSY,
    "10019": _RATE,
    "10020": _RATE,
    "10021": _RATE,
    "10029": _RATE,
    "10044": _QUOTA,
    "10045": _QUOTA,
    "20003": _BUSY,
    "30001": (BadAnswer, "the engine failed, often because of the address: check it"),
    "40000": _QUOTA,
}

_BAIDU: dict[str, Meaning] = {
    "1": _BUSY,
    "2": _QUESTION,
    "3": _RIGHT,
    "4": _QUOTA,
    "5": _KEY,
    "101": (ProviderRefused, "no key was sent: set MAPSVC_{NAME}_KEY"),
    "102": _KIND,
    "200": _KEY,
    "201": (ProviderRefused, "the key was disabled by its owner: enable it in the console"),
    "202": (ProviderRefused, "the key was deleted by the provider: ask there why"),
    "203": _KIND,
    "210": _ADDRESS,
    "211": _SIGN,
    "220": _KIND,
    "230": _KIND,
    "240": _RIGHT,
    "301": _QUOTA,
    "302": _QUOTA,
    "401": _RATE,
    "402": _RATE,
}

_TENCENT: dict[str, Meaning] = {
    "110": _KEY,
    "111": _SIGN,
    "112": _ADDRESS,
    "113": _RIGHT,
    "120": _RATE,
    "121": _QUOTA,
    "190": (ProviderRefused, "the key is not valid: check MAPSVC_{NAME}_KEY"),
    "199": (ProviderRefused, "the key is not enabled for web services: enable it in the console"),
    "306": _QUESTION,
    "310": _QUESTION,
    "311": (ProviderRefused, "the key is malformed: check MAPSVC_{NAME}_KEY"),
}

_NO_RESULT = "无相关结果"
"""How Baidu's status 1 ("internal error") says that it found nothing."""


def fault(provider: str, answer: Any) -> ProviderError | None:
    """The error that an answer is, or None where it is a result or says that there is none."""
    rule = _RULES.get(provider)
    return rule(provider, answer) if rule and isinstance(answer, dict) else None


def _error(provider: str, meaning: Meaning, code: object, text: object) -> ProviderError:
    kind, message = meaning
    said = f", {shown(text)}" if isinstance(text, str) and text else ""
    return kind(provider, f"{message.format(NAME=provider.upper())} ({shown(code)}{said})")


def _amap(provider: str, answer: dict[str, Any]) -> ProviderError | None:
    code = _code(answer.get("infocode"))
    if _code(answer.get("status")) == "1" or code == "10000" or not answer.keys() & {"infocode"}:
        return None
    return _error(provider, _AMAP.get(code, _QUESTION), code, answer.get("info"))


def _baidu(provider: str, answer: dict[str, Any]) -> ProviderError | None:
    code = _code(answer.get("status"))
    text = answer.get("message") or answer.get("msg")
    if code in ("0", "") or (code == "1" and isinstance(text, str) and _NO_RESULT in text):
        return None
    by_range = {"2": _KEY, "3": _QUOTA, "4": _RATE}.get(code[0], _QUESTION)
    ranged = by_range if len(code) == 3 else _QUESTION
    return _error(provider, _BAIDU.get(code, ranged), code, text)


def _tencent(provider: str, answer: dict[str, Any]) -> ProviderError | None:
    code = _code(answer.get("status"))
    if code in ("0", "347", ""):
        return None
    otherwise = _BUSY if len(code) == 3 and code[0] == "5" else _QUESTION
    return _error(provider, _TENCENT.get(code, otherwise), code, answer.get("message"))


def _tianditu(provider: str, answer: dict[str, Any]) -> ProviderError | None:
    """A refused key has a ``code`` in place of the status: 1, 7, 12, 18, or six digits."""
    status, text = _code(answer.get("status")), answer.get("msg")
    if "code" in answer and not status:
        said = " ".join(t for t in (text, answer.get("resolve")) if isinstance(t, str))
        if any(word in said for word in ("超限", "超出", "上限", "配额")):
            return _error(provider, _QUOTA, answer["code"], said)
        return _error(provider, _KIND if "权限类型" in said else _KEY, answer["code"], said)
    return None if status in ("0", "101", "") else _error(provider, _QUESTION, status, text)


def _open(provider: str, answer: dict[str, Any]) -> ProviderError | None:
    """Nominatim, Photon, Pelias and Addok: an ``error``, ``message`` or list of errors."""
    geocoding = answer.get("geocoding")
    text = answer.get("error") or answer.get("message")
    if isinstance(geocoding, dict):
        text = text or geocoding.get("errors")
    if not text or text == "Unable to geocode":
        return None
    if isinstance(text, dict):
        text = text.get("message")
    if isinstance(text, list):
        text = text[0]
    return BadAnswer(provider, f"{_QUESTION[1]} ({shown(text)})")


def _code(value: object) -> str:
    """A code as text: providers write 0 and "0"."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value)[:20] if is_number or isinstance(value, str) else ""


_RULES: dict[str, Callable[[str, dict[str, Any]], ProviderError | None]] = {
    "amap": _amap,
    "baidu": _baidu,
    "tencent": _tencent,
    "tianditu": _tianditu,
    "nominatim": _open,
    "photon": _open,
    "pelias": _open,
    "addok": _open,
}
