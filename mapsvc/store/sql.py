"""The store over SQLAlchemy Core: every query once, for every database.

What differs between databases is two hooks: how an insert replaces (`upsert`) and how a write
transaction begins (set up by the module that opens the engine).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice, repeat
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import SQLAlchemyError

from mapsvc.errors import DamagedRecord, InvalidValue, NotFound, StoreError
from mapsvc.geocoding.record import CacheKey, from_json, key_of
from mapsvc.model import Branch, BranchList, District, Geocode, Notice, Placement
from mapsvc.store import rows, schema
from mapsvc.store.base import OF_BRANCH, OF_PLACEMENT, Contents, NewOrigins, Row

_ROWS_AT_ONCE = 10_000
"""Rows that a stream fetches at a time."""

WRITE = {"mapsvc_write": True}
"""Execution options of a connection whose transaction will write."""

_parsed = lru_cache(4_096)(from_json)
"""Keyed by the record's text itself, so that it can never be out of date."""

_REVISIONS_KEPT = 100
"""Whoever has an earlier one than that reads everything."""
_KEYS_AT_ONCE = 500

_INSERT: dict[str, Any] = {"sqlite": sqlite_insert, "postgresql": postgresql_insert}


def _read(key: CacheKey, record: str) -> Geocode:
    try:
        return _parsed(record)
    except InvalidValue as error:
        raise DamagedRecord(key.provider, key.query, str(error)) from None


@contextmanager
def store_errors(doing: str) -> Iterator[None]:
    """Turn the database's errors into `StoreError`, without statements or values in the text."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(f"the store failed while {doing}: {str(cause).splitlines()[0]}") from error
    except UnicodeEncodeError as error:
        raise StoreError(f"the store failed while {doing}: a text with half a character") from error


class SqlWriter:
    """`mapsvc.store.base.Writer` within one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.changed = False
        self.changed_districts = False

    def put_list(self, branch_list: BranchList, branches: Sequence[Branch]) -> None:
        lists, entries = schema.lists, schema.entries
        position = self.connection.scalar(
            select(lists.c.position).where(lists.c.slug == branch_list.slug)
        )
        if position is None:
            last = self.connection.scalar(select(func.max(lists.c.position)))
            position = 0 if last is None else last + 1
        self.put_rows(lists, [rows.list_values(branch_list, position)])
        self.put_rows(schema.branches, [rows.branch_values(branch) for branch in branches])
        self.connection.execute(delete(entries).where(entries.c.list == branch_list.slug))
        self.put_rows(
            entries,
            [
                {"list": branch_list.slug, "branch": branch.id, "position": i}
                for i, branch in enumerate(branches)
            ],
        )
        self._drop_unlisted()

    def drop_list(self, slug: str) -> None:
        lists, entries = schema.lists, schema.entries
        self.connection.execute(delete(entries).where(entries.c.list == slug))
        self.connection.execute(delete(lists).where(lists.c.slug == slug))
        self._drop_unlisted()

    def _drop_unlisted(self) -> None:
        for key in (schema.placements.c.branch, schema.branches.c.id):
            listed = select(schema.entries).where(schema.entries.c.branch == key).exists()
            self.connection.execute(delete(key.table).where(~listed))
        self.changed = True

    def put_placements(self, placements: Iterable[Placement]) -> None:
        self.put_rows(schema.placements, [rows.placement_values(p) for p in placements])

    def put_districts(self, districts: Sequence[District]) -> None:
        self.put_rows(schema.districts, [rows.district_values(d) for d in districts])
        self.changed_districts = True

    def put_notices(self, notices: Iterable[Notice]) -> None:
        self.put_rows(schema.notices, [rows.notice_values(notice) for notice in notices])

    def put_geocodes(self, geocodes: Iterable[Geocode]) -> int:
        return self.put_rows(schema.geocodes, [rows.geocode_values(g) for g in geocodes])

    def drop_geocodes(self, keys: Iterable[CacheKey]) -> int:
        dropped = 0
        for key in keys:
            dropped += self.connection.execute(_DROP_RECORD, rows.key_values(key)).rowcount
        self.changed |= dropped > 0
        return dropped

    def note_seed(self, name: str, digest: str) -> None:
        self.put_rows(schema.seeds, [{"name": name, "digest": digest}])

    def put_rows(self, table: Table, values: list[rows.Values]) -> int:
        """Insert rows as `mapsvc.store.rows` makes them, replacing those with the same keys."""
        upsert(self.connection, table, values)
        self.changed |= bool(values)
        return len(values)


def _note_revision(connection: Connection) -> None:
    """Remember when the revision was, and forget long past ones with what changed in them.

    The changes themselves are noted by triggers (`mapsvc.store.migrations`).
    """
    now, then, changes = schema.revision.c, schema.revisions, schema.changes
    last = select(now.number, now.changed_at)
    connection.execute(then.insert().from_select(["number", "changed_at"], last))
    oldest = select(now.number - _REVISIONS_KEPT).scalar_subquery()
    connection.execute(delete(then).where(then.c.number < oldest))
    connection.execute(delete(changes).where(changes.c.number <= oldest))


def _limited(
    connection: Connection, views: Mapping[tuple[str, str], int], limit: NewOrigins
) -> Mapping[tuple[str, str], int]:
    """The views, those of too many new origins in one sum a day."""
    table = schema.embed_views
    kept: Counter[tuple[str, str]] = Counter()
    for day in {day for day, _ in views}:
        found = set(connection.execute(select(table.c.origin).where(table.c.day == day)).scalars())
        new = found - limit.regulars
        for (on, origin), number in views.items():
            if on != day:
                continue
            if origin not in limit.regulars and origin not in new:
                if len(new) >= limit.most:
                    kept[day, limit.rest] += number
                    continue
                new.add(origin)
            kept[day, origin] += number
    return kept


def upsert(connection: Connection, table: Table, values: list[rows.Values]) -> None:
    """Insert rows, replacing those with the same primary key."""
    if values:
        insert = _INSERT[connection.dialect.name](table)
        keys = list(table.primary_key)
        others = {c.name: insert.excluded[c.name] for c in table.columns if c not in keys}
        statement = insert.on_conflict_do_update(index_elements=keys, set_=others)
        compiled = statement.compile(connection, column_keys=list(values[0]))
        if len(values) > 1 and compiled.positional:
            # Past SQLAlchemy's own handling of each row, which takes longer than SQLite.
            given = itemgetter(*compiled.positiontup or ())
            connection.exec_driver_sql(str(compiled), list(map(given, values)))
        else:
            connection.execute(statement, values)


def _by_key(table: Table) -> ColumnElement[bool]:
    """The condition for one key, whose values `rows.key_values` gives when it is executed."""
    names = ("provider", "query", "options", "normaliser")
    return and_(*(table.c[name] == bindparam(name) for name in names))


# Made once: putting a statement together costs more than executing it.
RECORD = select(schema.geocodes.c.record).where(_by_key(schema.geocodes))
_DROP_RECORD = delete(schema.geocodes).where(_by_key(schema.geocodes))
_CLAIM = select(schema.claims).where(_by_key(schema.claims))
_DROP_CLAIM = delete(schema.claims).where(
    _by_key(schema.claims), schema.claims.c.owner == bindparam("holder")
)

_SHOWN = select(
    *(schema.branches.c[name] for name in OF_BRANCH),
    *(schema.placements.c[name] for name in OF_PLACEMENT),
).outerjoin(schema.placements, schema.placements.c.branch == schema.branches.c.id)
_OF_LIST = (
    _SHOWN.join(schema.entries, schema.entries.c.branch == schema.branches.c.id)
    .where(schema.entries.c.list == bindparam("wanted"))
    .order_by(schema.entries.c.position)
)
"""The columns of each branch of a list and of its placement."""


def _drop_claim(connection: Connection, key: CacheKey, owner: str) -> None:
    connection.execute(_DROP_CLAIM, rows.key_values(key) | {"holder": owner})


class SqlStore:
    """`mapsvc.store.base.Store` on an engine whose schema is up to date."""

    writer = SqlWriter

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with (
            store_errors("writing"),
            self._engine.connect().execution_options(**WRITE) as connection,
            connection.begin(),
        ):
            yield connection

    def _ledger(self) -> AbstractContextManager[Connection]:
        """A transaction of the ledger's own; a store may let it overtake a long import."""
        return self._write()

    @contextmanager
    def write(self) -> Iterator[SqlWriter]:
        with self._write() as connection:
            writer = self.writer(connection)
            yield writer
            if writer.changed:
                table, now = schema.revision, datetime.now(UTC).isoformat()
                values = {"number": table.c.number + 1, "changed_at": now}
                if writer.changed_districts:
                    values["districts_changed_at"] = now
                connection.execute(update(table).values(values))
                _note_revision(connection)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with store_errors("reading"), self._engine.begin() as connection:
            yield connection

    def _read_all(self) -> AbstractContextManager[Connection]:
        """A transaction that reads whole tables, however long that takes."""
        return self._read()

    def revision(self) -> int:
        with self._read() as connection:
            return int(connection.scalar(select(schema.revision.c.number)) or 0)

    def dumping(self) -> AbstractContextManager[Connection]:
        """A transaction in which every table is read as it is; see `mapsvc.store.transfer`."""
        return self._read_all()

    @contextmanager
    def loading(self) -> Iterator[SqlWriter]:
        """A transaction in which rows are put as they are, and the revision is theirs."""
        with self._write() as connection:
            yield self.writer(connection)

    @contextmanager
    def reading(self) -> Iterator[SqlReading]:
        with self._read_all() as connection:
            yield SqlReading(connection)

    def contents(self) -> Contents:
        with self._read_all() as connection:
            reading = SqlReading(connection)
            branches = {row.id: rows.to_branch(row) for row in connection.execute(_in_list_order())}
            members: dict[str, tuple[str, ...]] = {}
            for row in connection.execute(_memberships()):
                members[row.branch] = (*members.get(row.branch, ()), row.list)
            return Contents(
                revision=reading.revision,
                changed_at=reading.changed_at,
                lists=reading.lists,
                branches=tuple(branches.values()),
                members=members,
                placements=_placements(connection),
                districts=reading.districts(),
                notices=reading.notices,
            )

    def lists(self) -> tuple[BranchList, ...]:
        with self._read() as connection:
            return _lists(connection)

    def branches(self, list_slug: str | None = None) -> tuple[Branch, ...]:
        with self._read_all() as connection:
            query = _in_list_order()
            if list_slug is not None:
                if list_slug not in {known.slug for known in _lists(connection)}:
                    raise NotFound("list", list_slug)
                query = query.where(schema.lists.c.slug == list_slug)
            found = {row.id: rows.to_branch(row) for row in connection.execute(query)}
            return tuple(found.values())

    def placements(self) -> dict[str, Placement]:
        with self._read_all() as connection:
            return _placements(connection)

    def districts(self) -> tuple[District, ...]:
        with self._read_all() as connection:
            return _districts(connection)

    def notices(self) -> tuple[Notice, ...]:
        with self._read() as connection:
            return _notices(connection)

    def geocode(self, key: CacheKey) -> Geocode | None:
        record = self._record(key)
        return None if record is None else _read(key, record)

    def _record(self, key: CacheKey) -> str | None:
        """The record under ``key`` as it is stored; a store may have a quicker way."""
        with self._read() as connection:
            return connection.scalar(RECORD, rows.key_values(key))

    def geocodes(self) -> Iterator[Geocode]:
        return (_read(key, record) for key, record in self.records())

    def records(self) -> Iterator[tuple[CacheKey, str]]:
        table = schema.geocodes
        with self._read_all() as connection:
            found = connection.execute(select(table).order_by(*table.primary_key)).all()
        for provider, query, options, normaliser, record in found:
            yield CacheKey(provider, query, options, normaliser), record

    def claim(self, key: CacheKey, owner: str, now: float, until: float) -> str | None:
        table = schema.claims
        with self._ledger() as connection:
            held = connection.execute(_CLAIM, rows.key_values(key)).one_or_none()
            if held is not None and held.owner != owner and held.until > now:
                return str(held.owner)
            values = rows.key_values(key) | {"owner": owner, "until": until}
            upsert(connection, table, [values])
            return None

    def release(self, key: CacheKey, owner: str) -> None:
        with self._ledger() as connection:
            _drop_claim(connection, key, owner)

    def settle(self, geocode: Geocode, owner: str) -> None:
        with self._ledger() as connection:
            upsert(connection, schema.geocodes, [rows.geocode_values(geocode)])
            _drop_claim(connection, key_of(geocode), owner)

    def reserve(self, provider: str, interval_s: float, quota: int, now: float) -> float | None:
        table = schema.leases
        today = datetime.fromtimestamp(now, UTC).date().isoformat()
        with self._ledger() as connection:
            held = connection.execute(
                select(table).where(table.c.provider == provider)
            ).one_or_none()
            used = held.used if held is not None and held.day == today else 0
            if quota and used >= quota:
                return None
            send_at = now if held is None else max(now, held.free_at)
            values = {
                "provider": provider,
                "free_at": send_at + interval_s,
                "day": today,
                "used": used + 1,
            }
            upsert(connection, table, [values])
            return send_at

    def add_views(
        self,
        views: Mapping[tuple[str, str], int],
        forget_before: str = "",
        limit: NewOrigins | None = None,
    ) -> None:
        table = schema.embed_views
        with self._ledger() as connection:
            if limit is not None:
                views = _limited(connection, views, limit)
            rows_added = [{"day": d, "origin": o, "views": n} for (d, o), n in views.items()]
            insert = _INSERT[connection.dialect.name](table)
            more = {"views": table.c.views + insert.excluded.views}
            keys = list(table.primary_key)
            added = insert.on_conflict_do_update(index_elements=keys, set_=more)
            connection.execute(added, rows_added)
            connection.execute(delete(table).where(table.c.day < forget_before))

    def views(self, since: str = "") -> tuple[tuple[str, str, int], ...]:
        table = schema.embed_views
        with self._read() as connection:
            query = select(table).where(table.c.day >= since).order_by(table.c.day, table.c.origin)
            return tuple((row.day, row.origin, row.views) for row in connection.execute(query))

    def frequent_origins(self, since: str, before: str, limit: int) -> tuple[str, ...]:
        views = schema.embed_views.c
        query = (
            select(views.origin)
            .where(views.day >= since, views.day < before)
            .group_by(views.origin)
            .order_by(func.count().desc(), func.sum(views.views).desc(), views.origin)
            .limit(limit)
        )
        with self._read() as connection:
            return tuple(connection.execute(query).scalars())

    def seeds(self) -> dict[str, str]:
        with self._read() as connection:
            found = connection.execute(select(schema.seeds))
            return {row.name: row.digest for row in found}

    def close(self) -> None:
        self._engine.dispose()


class SqlReading:
    """`mapsvc.store.base.Reading` within one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        found = connection.execute(select(schema.revision)).one()
        self.revision: int = found.number
        self.changed_at = datetime.fromisoformat(found.changed_at) if found.changed_at else None
        self.districts_changed_at: str = found.districts_changed_at
        self.lists = _lists(connection)
        self.notices = _notices(connection)

    def districts(self) -> tuple[District, ...]:
        return _districts(self._connection)

    def rows(self) -> Iterator[Row]:
        several = _in_several_lists(self._connection)
        given: set[str] = set()
        options = {"yield_per": _ROWS_AT_ONCE}
        for known in self.lists:
            values = {"wanted": known.slug}
            found = self._connection.execute(_OF_LIST, values, execution_options=options)
            with closing(found):  # a reader may stop anywhere
                for row in found:
                    slugs = several.get(row[0])
                    if slugs is not None:
                        if row[0] in given:
                            continue
                        given.add(row[0])
                    yield Row._make((*row, slugs or (known.slug,)))

    def members(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        several = _in_several_lists(self._connection)
        given: set[str] = set()
        entries = schema.entries.c
        for known in self.lists:
            query = (
                select(entries.branch)
                .where(entries.list == known.slug)
                .order_by(entries.position)
                .execution_options(yield_per=_ROWS_AT_ONCE)
            )
            alone = (known.slug,)
            with closing(self._connection.execute(query).scalars()) as found:
                for branches in found.partitions():
                    if not several:
                        yield from zip(branches, repeat(alone))
                        continue
                    for branch in branches:
                        slugs = several.get(branch)
                        if slugs is None:
                            yield branch, alone
                        elif branch not in given:
                            given.add(branch)
                            yield branch, slugs

    def rows_of(self, members: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[Row]:
        wanted = iter(members)
        while some := list(islice(wanted, _KEYS_AT_ONCE)):
            query = _SHOWN.where(schema.branches.c.id.in_([branch for branch, _ in some]))
            found = {row[0]: row for row in self._connection.execute(query)}
            for branch, slugs in some:
                yield Row._make((*found[branch], slugs))

    def changed_since(self, revision: int, changed_at: datetime | None) -> frozenset[str] | None:
        then, changes = schema.revisions.c, schema.changes.c
        query = select(then.changed_at).where(then.number == revision)
        known = self._connection.scalar(query)
        if known is None or datetime.fromisoformat(known) != changed_at:
            return None
        query = select(changes.branch).where(changes.number > revision)
        return frozenset(self._connection.scalars(query))


def _in_list_order() -> Select[Any]:
    """Branches by list, then place in it; one that two lists name comes twice."""
    entries, lists = schema.entries, schema.lists
    return (
        select(schema.branches)
        .join(entries, entries.c.branch == schema.branches.c.id)
        .join(lists, lists.c.slug == entries.c.list)
        .order_by(lists.c.position, entries.c.position)
    )


def _memberships() -> Select[Any]:
    entries, lists = schema.entries, schema.lists
    joined = entries.join(lists, lists.c.slug == entries.c.list)
    return select(entries.c.branch, entries.c.list).select_from(joined).order_by(lists.c.position)


def _in_several_lists(connection: Connection) -> dict[str, tuple[str, ...]]:
    """The branches that more than one list names → the slugs of those."""
    branch = schema.entries.c.branch
    several = select(branch).group_by(branch).having(func.count() > 1)
    slugs: dict[str, tuple[str, ...]] = {}
    for row in connection.execute(_memberships().where(branch.in_(several))):
        slugs[row.branch] = (*slugs.get(row.branch, ()), row.list)
    return slugs


def _lists(connection: Connection) -> tuple[BranchList, ...]:
    query = select(schema.lists).order_by(schema.lists.c.position)
    return tuple(rows.to_list(row) for row in connection.execute(query))


def _notices(connection: Connection) -> tuple[Notice, ...]:
    query = select(schema.notices).order_by(schema.notices.c.id)
    return tuple(rows.to_notice(row) for row in connection.execute(query))


def _placements(connection: Connection) -> dict[str, Placement]:
    found = connection.execute(select(schema.placements))
    return {row.branch: rows.to_placement(row) for row in found}


def _districts(connection: Connection) -> tuple[District, ...]:
    query = select(schema.districts).order_by(schema.districts.c.code)
    return tuple(rows.to_district(row) for row in connection.execute(query))
