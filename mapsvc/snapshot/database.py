"""Where snapshots of PostGIS come from: a transaction for each, and what a revision shares."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

from mapsvc.errors import SettingError, StoreError
from mapsvc.hours import Hours, canonical_hours
from mapsvc.lists.banks import banks
from mapsvc.snapshot.base import BankCount, DistrictCount
from mapsvc.snapshot.features import Facts
from mapsvc.snapshot.memory import service_counts
from mapsvc.snapshot.notices import current
from mapsvc.snapshot.postgis import EXTENT, Head, PostgisSnapshot, extent_of, services_in
from mapsvc.snapshot.territory import Territory
from mapsvc.snapshot.wording import Wording
from mapsvc.store.base import Store
from mapsvc.store.sql import SqlReading, store_errors

_log = logging.getLogger(__name__)


class PostgisSource:
    """Gives every request a snapshot of the store as it is now.

    Args:
        store: in PostgreSQL.

    Raises:
        SettingError: another store.
        StoreError: the store failed.
    """

    def __init__(self, store: Store) -> None:
        from mapsvc.store.postgresql import PostgresStore  # noqa: PLC0415  # SQLite needs none

        if not isinstance(store, PostgresStore):
            raise SettingError(
                "MAPSVC_INDEX", "postgis", "possible without PostgreSQL in MAPSVC_DATABASE_URL"
            )
        self._store = store
        self._lock = threading.Lock()
        self._head: Head | None = None
        self.current()

    def current(self) -> PostgisSnapshot:
        """A snapshot for one request. The first one of a revision counts its branches.

        Raises:
            StoreError: the store failed.
        """
        with store_errors("reading"):
            connection = self._store.moment()
            try:
                head = self._head_at(connection)
            except BaseException:
                connection.close()
                raise
        return PostgisSnapshot(connection, head)

    def watch(self, every_s: float = 0.5) -> None:
        """Prepare new revisions before a visitor asks, in a thread that ends with the process."""

        def work() -> None:
            failing = False
            while True:
                time.sleep(every_s)
                try:
                    self.current()
                    failing = False
                except StoreError:
                    if not failing:  # said once, however long it lasts
                        _log.exception("the store fails; requests get 503 until it answers")
                    failing = True

        threading.Thread(target=work, name="revisions", daemon=True).start()

    def _head_at(self, connection: Connection) -> Head:
        now = connection.execute(text("SELECT number, changed_at FROM revision")).one()
        known = self._head
        if known is not None and _version(known) == tuple(now):
            return known
        with self._lock:
            known = self._head
            if known is not None and _version(known) == tuple(now):
                return known
            made = _make(connection, known)
            if known is None or known.revision < made.revision:
                self._head = made
            return made


def _version(head: Head) -> tuple[int, str | None]:
    return head.revision, head.changed_at.isoformat() if head.changed_at else None


def _make(connection: Connection, before: Head | None) -> Head:
    """Count what the store holds; districts that have not changed are kept."""
    with _patient(connection):
        reading = SqlReading(connection)
        if before is not None and before.districts_changed_at == reading.districts_changed_at:
            territory = before.territory
        else:
            territory = Territory(reading.districts())
        _ = territory.areas  # made here and not while a visitor waits
        of_bank = _counted(connection, "SELECT bank, count(*) FROM branches GROUP BY 1")
        in_district = _counted(connection, "SELECT district, count(*) FROM placements GROUP BY 1")
        found = connection.execute(
            text("SELECT DISTINCT provider FROM placements WHERE lon IS NOT NULL")
        )
        by_offer = _counted(connection, "SELECT services, count(*) FROM branches GROUP BY 1")
        by_hours = _counted(connection, "SELECT hours, count(*) FROM branches GROUP BY 1")
        hours = {
            stored: Hours.parse(canonical)
            for stored in by_hours
            if (canonical := canonical_hours(stored)) is not None
        }
        known = tuple(bank for code, bank in banks().items() if code in of_bank)
        return Head(
            revision=reading.revision,
            changed_at=reading.changed_at,
            districts_changed_at=reading.districts_changed_at,
            lists=reading.lists,
            territory=territory,
            size=sum(of_bank.values()),
            banks=tuple(BankCount(bank, of_bank[bank.code]) for bank in known),
            districts={
                district.code: DistrictCount(district, in_district.get(district.code, 0))
                for district in territory.districts
            },
            providers=frozenset(provider for (provider,) in found if provider),
            extent=extent_of(connection.execute(text(EXTENT)).one()),
            services=service_counts(services_in(by_offer)),
            hours=tuple(hours.items()),
            hours_known=sum(by_hours[stored] for stored in hours),
            notices=current(reading.notices, reading.changed_at),
            facts=Facts.of(reading, territory),
            wording=Wording(known, territory.districts),
        )


@contextmanager
def _patient(connection: Connection) -> Iterator[None]:
    """Counting a revision may take longer than a visitor's question."""
    connection.execute(text("SET LOCAL statement_timeout = '10min'"))
    yield
    connection.execute(text("SET LOCAL statement_timeout TO DEFAULT"))


def _counted(connection: Connection, sql: str) -> dict[Any, int]:
    return {key: count for key, count in connection.execute(text(sql))}  # noqa: C416
