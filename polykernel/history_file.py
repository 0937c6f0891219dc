"""The history of all sessions, in an SQLite file that many kernels write at once.

Imported by the history's own thread only, which owns the connection: it may block.

One file for all languages: a kernel sees the sessions of its own language, which are numbered by
themselves. A file that is none is set aside, and a new one begun; one that was made by something
else, or by a newer polykernel, is left alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import logging
import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from polykernel import folders
from polykernel.errors import HistoryUnavailable
from polykernel.history_memory import UNBOUNDED, Change, Counted, Entry, HistoryRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

VERSION = 1  # of the tables
LOCKED_FOR = 5.0  # seconds that a lock of another process is waited for
CACHED = 64  # KB of the file that SQLite keeps in memory: it writes at the end, and reads once
LONGEST_PATTERN = 50_000  # bytes: SQLite's own limit, above which it gives an error
_SCHEMA = f"""
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    language TEXT NOT NULL,
    number INTEGER NOT NULL,
    begun TEXT NOT NULL,
    UNIQUE (language, number)
);
CREATE TABLE cells (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES sessions (id),
    serial INTEGER NOT NULL,
    line INTEGER NOT NULL,
    input TEXT NOT NULL,
    output TEXT,
    UNIQUE (session, serial)
);
PRAGMA user_version = {VERSION};
"""
_COLUMNS = "number, line, input, output, cells.id AS place"
# CROSS JOIN keeps the order in which SQLite looks into the tables: of a million cells a tail must
# not read all, nor those from before the language's first one (sessions begin with a cell)
_LATEST = f"""
    SELECT {_COLUMNS} FROM cells CROSS JOIN sessions ON sessions.id = cells.session
    WHERE cells.id >= (
        SELECT min(id) FROM cells WHERE session = (
            SELECT min(session) FROM cells
            WHERE session >= (SELECT min(id) FROM sessions WHERE language = :language)
        )
    ) AND language = :language {{where}} ORDER BY cells.id DESC LIMIT :limit
"""
_UNIQUE = f"""
    SELECT number, line, input, output, max(place) AS place, count(*) AS times
    FROM ({_LATEST}) GROUP BY input ORDER BY place DESC LIMIT :unique
"""
_RANGE = f"""
    SELECT {_COLUMNS} FROM sessions CROSS JOIN cells ON sessions.id = cells.session
    WHERE language = :language AND number = :number AND line >= :start AND line < :stop
    ORDER BY place DESC
"""
_MATCHES = "AND input GLOB :pattern"
# each statement lets go of the interpreter and has to wait for it again; one for every number of
# rows would have to be prepared each time
_ROWS = 32
_LOOKED_AT = 10  # times as many matches as a unique search must find, before all are looked at

log = logging.getLogger("polykernel.history")

Found = TypeVar("Found")


class _Session(NamedTuple):
    id: int
    number: int
    begun: str


class HistoryFile:
    """Owns the connection, and this kernel's session in the file.

    Args:
        path: The file; it and its folder are made where they are not there, for their owner only.
        language: Whose sessions are seen.

    Raises:
        HistoryUnavailable: By every method: the file can't be used now.
    """

    def __init__(self, path: Path, language: str) -> None:
        self._path = path
        self._language = language
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._session: _Session | None = None

    def write(self, changes: Sequence[Change]) -> None:
        """Write all of it or nothing; what was written before may be written again."""
        self._with_connection(lambda connection: self._write(connection, changes))

    def find(self, request: HistoryRequest) -> list[Entry]:
        """Find what a request asks for, the latest last."""
        return self._with_connection(lambda connection: self._find(connection, request))

    def close(self) -> None:
        """Close the connection; with the last one the file is in one piece."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    # sessions and cells

    def _write(self, connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
        if self._session is None and not any(isinstance(each, Counted) for each in changes):
            return  # results of cells that went with a file that was removed
        connection.execute("BEGIN IMMEDIATE")
        try:
            session = self._session or self._begin_session(connection)
            _write(connection, session.id, changes)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        self._session = session

    def _begin_session(self, connection: sqlite3.Connection) -> _Session:
        number = self._last_number(connection) + 1
        begun = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        cursor = connection.execute(
            "INSERT INTO sessions (language, number, begun) VALUES (?, ?, ?)",
            (self._language, number, begun),
        )
        return _Session(int(cursor.lastrowid or 0), number, begun)

    def _find_session(self, connection: sqlite3.Connection) -> None:
        """Forget our session where the file has it not: it is a new one."""
        if self._session is not None:
            query = "SELECT 1 FROM sessions WHERE (id, number, begun) = (?, ?, ?)"
            if connection.execute(query, self._session).fetchone() is None:
                self._session = None

    def _last_number(self, connection: sqlite3.Connection) -> int:
        query = "SELECT max(number) FROM sessions WHERE language = ?"
        (number,) = connection.execute(query, (self._language,)).fetchone()
        return number or 0

    def _current_number(self, connection: sqlite3.Connection) -> int:
        """Give this session's number, or the one that it would get now."""
        if self._session is None:
            return self._last_number(connection) + 1
        return self._session.number

    def _find(self, connection: sqlite3.Connection, request: HistoryRequest) -> list[Entry]:
        values: dict[str, object] = {"language": self._language, "limit": request.limit}
        if request.hist_access_type == "range":
            found = connection.execute(_RANGE, values | self._range(connection, request))
        elif request.hist_access_type == "tail":
            found = connection.execute(_LATEST.format(where=""), values)
        elif len(request.pattern.encode()) > LONGEST_PATTERN:
            return []
        else:
            values["pattern"] = request.pattern
            if request.unique:
                return _in_order(_find_unique(connection, request.limit, values))
            found = connection.execute(_LATEST.format(where=_MATCHES), values)
        return _in_order(found.fetchall())

    def _range(self, connection: sqlite3.Connection, request: HistoryRequest) -> dict[str, object]:
        number = request.session
        if number <= 0:
            number = max(0, number + self._current_number(connection))
        number = min(number, UNBOUNDED)
        query = """
            SELECT max(line) FROM cells JOIN sessions ON sessions.id = cells.session
            WHERE language = ? AND number = ?
        """
        (last,) = connection.execute(query, (self._language, number)).fetchone()
        start, stop = request.lines((last or 0) + 1)
        return {"number": number, "start": start, "stop": stop}

    # the file

    def _with_connection(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        """Do it, and tell what is wrong with the file; with a new one if this one is none."""
        try:
            try:
                return work(self._connected())
            except sqlite3.Error as error:
                if not _is_corrupt(error):
                    raise
                self.close()
                self._set_aside(error)
                return work(self._connected())
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise HistoryUnavailable(str(error)) from error

    def _connected(self) -> sqlite3.Connection:
        if self._connection is not None and _inode(self._path) != self._inode:
            self.close()  # it was removed, or set aside by another kernel
        return self._connection or self._open()

    def _open(self) -> sqlite3.Connection:
        folders.make(self._path.parent)
        with _alone(self._path.parent):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            self._inode = _inode(self._path)
            connection = sqlite3.connect(self._path, timeout=LOCKED_FOR, isolation_level=None)
            try:
                _prepare(connection)
                self._make_private()
                self._find_session(connection)
            except BaseException:
                connection.close()
                raise
        self._connection = connection
        return connection

    def _make_private(self) -> None:
        """Keep others from a file that was there already, such as one from a backup."""
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):  # it is not there, or its file system has no modes
                if folders.make_private(self._path.with_name(self._path.name + suffix)):
                    log.warning("others could read %s%s: it is now private", self._path, suffix)

    def _set_aside(self, error: sqlite3.Error) -> None:
        """Rename a file that is none any more, unless another kernel has done so."""
        aside = f"{self._path.name}.corrupt-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
        with _alone(self._path.parent):
            if _inode(self._path) != self._inode:
                return
            for suffix in ("-wal", "-shm", ""):
                with contextlib.suppress(FileNotFoundError):
                    part = self._path.with_name(self._path.name + suffix)
                    part.rename(part.with_name(aside + suffix))
        log.warning("the history file was corrupt (%s): it is now %s", error, aside)


def _find_unique(
    connection: sqlite3.Connection, limit: int, values: dict[str, object]
) -> list[tuple[Any, ...]]:
    """Find the latest of equal inputs among the latest matches, or among all if those are few."""
    query = _UNIQUE.format(where=_MATCHES)
    matches = min(_LOOKED_AT * limit, UNBOUNDED)
    found = connection.execute(query, values | {"limit": matches, "unique": limit}).fetchall()
    if len(found) < limit and sum(times for *_, times in found) == matches:
        everything = {"limit": UNBOUNDED, "unique": limit}
        found = connection.execute(query, values | everything).fetchall()
    return found


def _in_order(found: list[tuple[Any, ...]]) -> list[Entry]:
    return [Entry(*row[:4]) for row in reversed(found)]


def _write(connection: sqlite3.Connection, session: int, changes: Sequence[Change]) -> None:
    cells: dict[int, list[object]] = {}
    for change in changes:
        if isinstance(change, Counted):
            cells[change.serial] = [session, change.serial, change.line, change.code, None]
        elif change.serial in cells:
            cells[change.serial][-1] = change.text
        else:
            connection.execute(
                "UPDATE cells SET output = ? WHERE session = ? AND serial = ?",
                (change.text, session, change.serial),
            )
    rows = list(cells.values())
    at = 0
    while at < len(rows):
        count = _ROWS if len(rows) - at >= _ROWS else 1
        values = [each for row in rows[at : at + count] for each in row]
        connection.execute(_insert(count), values)
        at += count


@functools.cache
def _insert(count: int) -> str:
    """Write so many cells, also where that was done before, but for the result (SQLite 3.24)."""
    return f"""
        INSERT INTO cells (session, serial, line, input, output)
        VALUES {", ".join(["(?, ?, ?, ?, ?)"] * count)}
        ON CONFLICT (session, serial) DO UPDATE SET output = coalesce(excluded.output, output)
    """


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables where there are none, and let readers and a writer work at once."""
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            raise HistoryUnavailable("it is a database of something else")
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
    elif version != VERSION:
        raise HistoryUnavailable(f"its tables are of the version {version}, not {VERSION}")
    connection.execute(f"PRAGMA cache_size = -{CACHED}")
    if mode != "wal":
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode == "wal":
        connection.execute("PRAGMA synchronous = NORMAL")  # a kill loses nothing


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other kernels from opening, making or renaming the file meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        deadline = time.monotonic() + LOCKED_FOR
        while not _lock(descriptor):
            if time.monotonic() > deadline:
                raise HistoryUnavailable(f"{folder} is locked")
            time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # a file system without locks
    return True


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _is_corrupt(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
