"""Numbers for Prometheus at ``/metrics``, in its text form (version 0.0.4).

They come from the store and the snapshot, so that every worker and server says the same.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

from flask import Blueprint, Response, current_app

from mapsvc import __version__
from mapsvc.errors import StoreError
from mapsvc.web.clock import minute
from mapsvc.web.context import snapshot
from mapsvc.web.embeds import OTHERS

bp = Blueprint("metrics", __name__)

READER = "mapsvc.views.reader"
"""Where ``app.extensions`` keeps a `ViewReader`, where views are counted."""

DAYS = 7
"""Days whose views are given, today with them."""
MAX_ORIGINS = 50
"""Origins that are given by name, those with most views in these days; others are summed."""
_FRESH_S = 30.0


class DayViews(NamedTuple):
    """The views of one embedding origin on one day (ISO 8601, in China)."""

    day: str
    origin: str
    views: int


class ViewReader:
    """Reads the kept views of the last days, at most every half minute.

    Args:
        read: asks the store for those from a day on.
        now: seconds on a clock that never goes back.
    """

    def __init__(
        self,
        read: Callable[[str], Iterable[tuple[str, str, int]]],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._now = now
        self._found: tuple[DayViews, ...] = ()
        self._read_at: float | None = None

    def views(self) -> tuple[DayViews, ...]:
        """Those of the last `DAYS` by `MAX_ORIGINS`; raises `StoreError`."""
        now = self._now()
        if self._read_at is None or now - self._read_at >= _FRESH_S:
            since = minute().date() - timedelta(days=DAYS - 1)
            self._found = _summed([DayViews(*row) for row in self._read(since.isoformat())])
            self._read_at = now
        return self._found


def _summed(found: Collection[DayViews]) -> tuple[DayViews, ...]:
    """The views by day and origin, with the origins of the fewest views as one."""
    total: Counter[str] = Counter()
    for view in found:
        total[view.origin] += view.views
    named = {origin for origin, _ in total.most_common(MAX_ORIGINS)}
    summed: Counter[tuple[str, str]] = Counter()
    for view in found:
        summed[view.day, view.origin if view.origin in named else OTHERS] += view.views
    return tuple(DayViews(*key, views) for key, views in sorted(summed.items()))


@bp.get("/metrics")
def metrics() -> Response:
    lines = [*_state(), *_views()]
    body = "\n".join(lines) + "\n"
    response = Response(body, content_type="text/plain; version=0.0.4; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def _state() -> Iterator[str]:
    shown = snapshot()
    yield from _family("mapsvc_info", "gauge", "The version that runs.")
    yield _sample("mapsvc_info", 1, version=__version__)
    yield from _family("mapsvc_revision", "gauge", "The revision of the data that is shown.")
    yield _sample("mapsvc_revision", shown.revision)
    yield from _family("mapsvc_branches", "gauge", "The branches that are shown.")
    yield _sample("mapsvc_branches", len(shown))


def _views() -> Iterator[str]:
    reader: ViewReader | None = current_app.extensions.get(READER)
    if reader is None:
        return
    try:
        found = reader.views()
    except StoreError:
        current_app.logger.exception("the views of embedded maps cannot be read")
        return
    name = "mapsvc_embed_views_per_day"
    meaning = "Views of embedded maps by the embedding site's origin and the day, in China's time: "
    yield from _family(name, "gauge", f"{meaning}the last {DAYS} days.")
    for day, origin, views in found:
        yield _sample(name, views, day=day, origin=origin)


def _family(name: str, kind: str, meaning: str) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"


def _sample(name: str, value: int, **labels: str) -> str:
    given = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{given}}} {value}" if given else f"{name} {value}"


def _escaped(text: str) -> str:
    r"""A label's value.

    >>> print(_escaped('a"b\\c\n'))
    a\"b\\c\n
    """
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
