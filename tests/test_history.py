"""The history: what is found, and that nothing is lost."""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.processes import until

from polykernel import history, history_file, history_memory, history_thread
from polykernel.errors import HistoryUnavailable
from polykernel.history import History
from polykernel.history_file import HistoryFile
from polykernel.history_memory import Counted, HistoryRequest, Memory, Result
from polykernel.message import Header, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tornado.ioloop import IOLoop

CELLS = ["a = 1", "b = 2", "a = 1", "print(a)"]
#: What a file that is no database begins with.
GARBAGE = b"this was a database once" * 1000


class Session:
    """A session of a kernel, as the loop sees it."""

    def __init__(self, loop: IOLoop, where: str, language: str = "python") -> None:
        self._loop = loop
        self._history = History(language, where)
        self._count = 0
        self._closed = False

    def run(self, *cells: str, output: str | None = None) -> None:
        for code in cells:
            request = self.begin(code)
            if output is not None:
                self.result(request, output)
            self._history.over(request)

    def begin(self, code: str) -> Message:
        self._count += 1
        request = Message(header=Header(f"{id(self)}-{self._count}", "execute_request"))
        self._history.counted(request, self._count, code)
        return request

    def result(self, request: Message, output: str) -> None:
        bundle = msgspec.json.encode({"image/png": "x", "text/plain": output})
        self._history.result(request, msgspec.Raw(bundle))

    def ask(self, **content: object) -> Any:
        found: list[dict[str, Any]] = []
        self.ask_later(found, **content)
        while not found:
            self._turn()
        return json.loads(json.dumps(found[0]["history"]))

    def ask_later(self, found: list[dict[str, Any]], **content: object) -> None:
        header = Header("", "history_request")
        request = Message(header=header, content=json.dumps(content).encode())
        self._history.answer(request, found.append)

    def inputs(self, **content: object) -> list[str]:
        return [entry[2] for entry in self.ask(**content)]

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        closed: list[bool] = []
        self._history.close(lambda: closed.append(True))
        while not closed:
            self._turn()

    def _turn(self) -> None:
        """Let the loop run until something happens."""
        self._loop.call_later(0.01, self._loop.stop)
        self._loop.start()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "history.sqlite"


@pytest.fixture
def begin(loop: IOLoop, path: Path) -> Iterator[Callable[..., Session]]:
    """Begin sessions, which write the same file unless told otherwise."""
    sessions: list[Session] = []

    def start(where: object = path, language: str = "python") -> Session:
        sessions.append(Session(loop, str(where), language))
        return sessions[-1]

    yield start
    for each in sessions:
        each.close()


@pytest.fixture(params=["file", "memory"])
def four_cells(
    begin: Callable[..., Session], path: Path, request: pytest.FixtureRequest
) -> Session:
    session = begin(path if request.param == "file" else "off")
    session.run(*CELLS)
    return session


# what is found


def test_the_tail_is_the_last_cells_in_order(four_cells: Session) -> None:
    assert four_cells.ask(hist_access_type="tail", n=2) == [[1, 3, "a = 1"], [1, 4, "print(a)"]]
    assert four_cells.inputs(hist_access_type="tail", n=99) == CELLS
    assert four_cells.inputs(hist_access_type="tail") == CELLS
    assert four_cells.inputs(hist_access_type="tail", n=-1) == CELLS
    assert four_cells.inputs(hist_access_type="tail", n=0) == []


@pytest.mark.parametrize(
    ("bounds", "lines"),
    [
        ({"start": 2, "stop": 4}, [2, 3]),
        ({"start": 3}, [3, 4]),
        ({"start": 0, "stop": None}, [1, 2, 3, 4]),
        ({"start": -2}, [3, 4]),
        ({"start": 1, "stop": -1}, [1, 2, 3]),
        ({"start": 9}, []),
        ({"start": 2**80, "stop": 2**81}, []),
        ({"start": 1, "session": 1}, [1, 2, 3, 4]),
        ({"start": 1, "session": 7}, []),
        ({"start": 1, "session": -1}, []),
        ({"start": 1, "session": 2**80}, []),
    ],
)
def test_a_range_ends_before_its_stop(
    four_cells: Session, bounds: dict[str, Any], lines: list[int]
) -> None:
    assert [each[1] for each in four_cells.ask(hist_access_type="range", **bounds)] == lines


def test_a_search_takes_a_pattern_of_the_whole_input(four_cells: Session) -> None:
    assert four_cells.inputs(hist_access_type="search", pattern="a*") == ["a = 1", "a = 1"]
    assert four_cells.inputs(hist_access_type="search", pattern="?????") == CELLS[:3]
    assert four_cells.inputs(hist_access_type="search", pattern="a") == []
    assert four_cells.inputs(hist_access_type="search", pattern="A*") == []
    assert four_cells.inputs(hist_access_type="search", pattern="*", n=1) == ["print(a)"]
    assert four_cells.inputs(hist_access_type="search", pattern="*" * 60_000 + "!") == []


def test_a_unique_search_keeps_the_latest_of_equal_inputs(four_cells: Session) -> None:
    unique = {"hist_access_type": "search", "pattern": "*", "unique": True}
    assert [each[1] for each in four_cells.ask(**unique)] == [2, 3, 4]
    assert [each[1] for each in four_cells.ask(**unique, n=2)] == [3, 4]


def test_a_unique_search_finds_what_many_equal_inputs_hide(begin: Callable[..., Session]) -> None:
    session = begin()
    session.run("first", "second", *["again"] * 100)
    found = session.inputs(hist_access_type="search", unique=True, n=2)
    assert found == ["second", "again"]
    found = session.inputs(hist_access_type="search", unique=True, n=4)
    assert found == ["first", "second", "again"]


def test_with_output_each_entry_has_the_text_of_its_result_or_null(four_cells: Session) -> None:
    four_cells.run("6 * 7", output="42")
    four_cells.run("f()", output="é\n" * history.OUTPUT_KEPT)
    tail = four_cells.ask(hist_access_type="tail", n=3, output=True)
    assert tail[:2] == [[1, 4, ["print(a)", None]], [1, 5, ["6 * 7", "42"]]]
    assert tail[2][2][1] == ("é\n" * history.OUTPUT_KEPT)[: history.OUTPUT_KEPT] + "…"
    assert four_cells.ask(hist_access_type="tail", n=2)[0] == [1, 5, "6 * 7"]


@pytest.mark.parametrize(
    "content",
    [{"hist_access_type": "first"}, {"n": "x"}, {"pattern": 5}, {"session": 0.5}],
    ids=str,
)
def test_malformed_requests_are_refused(four_cells: Session, content: dict[str, Any]) -> None:
    with pytest.raises(msgspec.DecodeError):
        four_cells.ask(**content)


def test_null_stands_for_what_is_not_said(four_cells: Session) -> None:
    names = ("output", "raw", "session", "start", "stop", "n", "pattern", "unique")
    wishes = dict.fromkeys(names)
    assert four_cells.ask(hist_access_type="tail", **wishes) == four_cells.ask()


def test_requests_are_answered_in_order(begin: Callable[..., Session]) -> None:
    session = begin()
    session.run(*CELLS)
    found: list[dict[str, Any]] = []
    for n in (4, 1, 3):
        session.ask_later(found, n=n)
    assert len(session.ask(n=2)) == 2
    assert [len(each["history"]) for each in found] == [4, 1, 3]


TEXTS = st.text(alphabet="ab-]^[*?\n", max_size=6)
REQUESTS = st.builds(
    HistoryRequest,
    hist_access_type=st.sampled_from(["range", "tail", "search"]),
    session=st.integers(0, 2),
    start=st.integers(-4, 4),
    stop=st.none() | st.integers(-4, 8),
    n=st.none() | st.integers(-1, 6),
    pattern=TEXTS,
    unique=st.booleans(),
)


@given(cells=st.lists(TEXTS, max_size=8), asked=st.lists(REQUESTS, min_size=1, max_size=8))
@settings(deadline=None)
def test_memory_answers_as_sqlite_does(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str], asked: list[HistoryRequest]
) -> None:
    memory = Memory(100)
    file = HistoryFile(tmp_path_factory.mktemp("history") / "history.sqlite", "python")
    file.write([Counted(memory.add(line, code), line, code) for line, code in enumerate(cells, 1)])
    for request in asked:
        assert memory.find(request) == file.find(request)
    file.close()


def test_a_pattern_with_many_stars_takes_no_time(begin: Callable[..., Session]) -> None:
    session = begin("off")
    session.run("a" * 10_000)
    assert session.inputs(hist_access_type="search", pattern="*a" * 50 + "*b") == []


@pytest.mark.parametrize("language", ["python", "one that was never used"])
@pytest.mark.parametrize(
    "asked",
    [
        HistoryRequest("tail", n=9),
        HistoryRequest("search", n=9, pattern="print*"),
        HistoryRequest("search", n=9, unique=True),
        HistoryRequest("range", session=-3, start=1, stop=10),
    ],
)
def test_of_a_long_history_only_the_latest_is_looked_at(
    path: Path, asked: HistoryRequest, language: str
) -> None:
    for session in range(1, 6):
        writer = HistoryFile(path, "python")
        writer.write([Counted(n, n, f"print({session * n})") for n in range(1, 1001)])
        writer.close()
    file = HistoryFile(path, language)
    file.find(HistoryRequest(n=1))
    assert file._connection is not None
    steps: list[None] = []
    file._connection.set_progress_handler(lambda: steps.append(None), 1000)
    assert len(file.find(asked)) == (9 if language == "python" else 0)
    assert len(steps) < 20  # thousands of SQLite's steps; to read all takes 60 and more
    file.close()


# sessions


def test_sessions_are_numbered_and_found_from_each_other(begin: Callable[..., Session]) -> None:
    for code in ("first", "second"):
        earlier = begin()
        earlier.run(code)
        earlier.close()
    third = begin()
    before = third.ask(hist_access_type="range", session=-1)
    third.run("third")
    assert third.ask() == [[1, 1, "first"], [2, 1, "second"], [3, 1, "third"]]
    assert before == third.ask(hist_access_type="range", session=-1) == [[2, 1, "second"]]
    assert third.ask(hist_access_type="range", session=0) == [[3, 1, "third"]]
    assert third.ask(hist_access_type="range", session=1) == [[1, 1, "first"]]


def test_a_kernel_sees_the_cells_of_its_own_language(begin: Callable[..., Session]) -> None:
    python, calc = begin(language="python"), begin(language="calc")
    python.run("print(1)")
    calc.run("1 + 1")
    assert python.ask() == [[1, 1, "print(1)"]]
    assert calc.ask() == [[1, 1, "1 + 1"]]
    assert calc.ask(hist_access_type="search", pattern="*") == [[1, 1, "1 + 1"]]


def test_kernels_at_work_see_each_others_cells_in_the_order_of_writing(
    begin: Callable[..., Session],
) -> None:
    one, other = begin(), begin()
    for turn in range(3):
        for number, session in enumerate((one, other), 1):
            session.run(f"{number}.{turn}")
            assert session.inputs(n=1) == [f"{number}.{turn}"]
    assert one.inputs() == other.inputs() == ["1.0", "2.0", "1.1", "2.1", "1.2", "2.2"]


def test_equal_counts_in_a_session_are_two_cells(begin: Callable[..., Session]) -> None:
    session = begin()
    for number in range(2):  # the main shell and a subshell each count for themselves
        request = Message(header=Header(f"m{number}", "execute_request"))
        session._history.counted(request, 1, f"cell {number}")
        session._history.result(request, msgspec.Raw(b'{"text/plain": "%d"}' % number))
    assert session.ask(output=True) == [[1, 1, ["cell 0", "0"]], [1, 1, ["cell 1", "1"]]]


# the file


def test_the_file_is_its_owners_only(begin: Callable[..., Session], path: Path) -> None:
    session = begin()
    session.run("secret = 1")
    assert session.inputs() == ["secret = 1"]
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for each in path.parent.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600, each


def test_the_file_stands_in_jupyters_data_folder(
    begin: Callable[..., Session], tmp_path: Path
) -> None:
    session = begin("")
    session.run("x = 1")
    session.close()
    assert (tmp_path / "jupyter" / "polykernel" / "history.sqlite").exists()


@pytest.mark.parametrize("where", ["off", "0", "no", "history.sqlite"])
def test_switched_off_it_writes_nothing_and_starts_no_thread(
    begin: Callable[..., Session], tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(history_thread, "HistoryThread")
    session = begin(where)
    session.run(*CELLS)
    assert session.inputs() == CELLS
    session.close()
    assert list(tmp_path.iterdir()) == []


def test_a_switch_that_is_no_switch_is_told(
    begin: Callable[..., Session], caplog: pytest.LogCaptureFixture
) -> None:
    begin("off")
    assert not caplog.messages
    begin("offf")
    (told,) = caplog.messages
    assert "POLYKERNEL_HISTORY" in told
    assert "'offf'" in told


WRITES_MANY = """
import pathlib, sys
from polykernel.history_file import HistoryFile
from polykernel.history_memory import Counted, Result

path, number = sys.argv[1:]
print("ready", flush=True)
sys.stdin.read()
file = HistoryFile(pathlib.Path(path), "python")
for line in range(1, 201):
    file.write([Counted(line, line, f"{number}: {line}"), Result(line, f"{line}")])
file.close()
"""


def test_of_many_kernels_that_write_at_once_nothing_is_lost(path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITES_MANY, str(path), str(n)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for n in range(4)
    ]
    for each in writers:
        assert each.stdout is not None
        assert each.stdout.readline() == b"ready\n"
    for each in writers:
        assert each.stdin is not None
        each.stdin.close()
    for each in writers:
        with each:
            assert each.wait() == 0
    file = HistoryFile(path, "python")
    found = file.find(HistoryRequest())
    file.close()
    assert len(found) == 800
    assert {each.session for each in found} == {1, 2, 3, 4}
    for n in range(4):
        mine = [each for each in found if each.input.startswith(f"{n}:")]
        assert [each.line for each in mine] == list(range(1, 201))
        assert len({each.session for each in mine}) == 1
        assert all(each.output == str(each.line) for each in mine)


# what goes wrong


def test_a_corrupt_file_is_set_aside_and_a_new_one_begun(
    begin: Callable[..., Session], path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(GARBAGE)
    session = begin()
    session.run(*CELLS)
    assert session.inputs() == CELLS
    session.close()
    (aside,) = [each for each in path.parent.iterdir() if "corrupt" in each.name]
    assert aside.read_bytes() == GARBAGE
    assert begin().inputs() == CELLS
    (told,) = caplog.messages
    assert aside.name in told


def test_of_two_kernels_that_find_a_file_corrupt_one_sets_it_aside(
    begin: Callable[..., Session], path: Path
) -> None:
    one, other = begin(), begin()
    for session in (one, other):
        session.run("before")
        assert "before" in session.inputs()
    path.write_bytes(GARBAGE)
    path.with_name(path.name + "-wal").write_bytes(b"")
    for session in (one, other):
        session.run("after")
        assert "after" in session.inputs()
    assert one.inputs() == ["after", "after"]
    aside = {
        each.name.removesuffix("-wal").removesuffix("-shm")
        for each in path.parent.glob("*.corrupt-*")
    }
    assert len(aside) == 1


@pytest.mark.parametrize("count", [1, 31, 32, 33, 100])
def test_what_was_written_before_may_be_written_again(path: Path, count: int) -> None:
    file = HistoryFile(path, "python")
    cells = [Counted(serial, serial, f"cell {serial} \0'?") for serial in range(count)]
    results = [Result(serial, f"result {serial}") for serial in range(0, count, 2)]
    file.write(cells)
    file.write([*cells, *results])
    file.write(cells)
    file.write([Result(count - 1, "late")])
    expected = [
        (1, serial, f"cell {serial} \0'?", f"result {serial}" if serial % 2 == 0 else None)
        for serial in range(count)
    ]
    expected[-1] = (*expected[-1][:3], "late")
    found = file.find(HistoryRequest(hist_access_type="tail", output=True))
    assert [(each.session, each.line, each.input, each.output) for each in found] == expected
    file.close()


def test_a_result_whose_cell_went_with_a_removed_file_begins_no_session(path: Path) -> None:
    file = HistoryFile(path, "python")
    file.write([Counted(1, 1, "slow()")])
    path.unlink()
    file.write([Result(1, "done")])
    other = HistoryFile(path, "python")
    other.write([Counted(1, 1, "other")])
    file.write([Counted(2, 2, "next")])
    assert [(each.session, each.input) for each in file.find(HistoryRequest())] == [
        (1, "other"),
        (2, "next"),
    ]
    file.close()
    other.close()


def test_a_session_goes_on_when_the_file_was_locked_for_long(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_file, "LOCKED_FOR", 0.01)
    file = HistoryFile(path, "python")
    file.write([Counted(1, 1, "slow()")])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(HistoryUnavailable, match="locked"):
        file.write([Counted(2, 2, "next")])
    other.execute("ROLLBACK")
    other.close()
    file.write([Result(1, "done"), Counted(2, 2, "next")])
    found = file.find(HistoryRequest(hist_access_type="tail", output=True))
    assert [(each.session, each.input, each.output) for each in found] == [
        (1, "slow()", "done"),
        (1, "next", None),
    ]
    assert file.find(HistoryRequest(hist_access_type="range", session=0)) == found
    file.close()


def test_a_file_that_is_removed_is_made_again(begin: Callable[..., Session], path: Path) -> None:
    session = begin()
    session.run("before")
    assert session.inputs() == ["before"]
    for each in path.parent.iterdir():
        each.unlink()
    session.run("after")
    assert session.inputs() == ["after"]
    session.close()
    assert begin().inputs() == ["after"]


def blocked_by_a_file(path: Path) -> None:
    path.parent.write_text("no folder")


def a_database_of_something_else(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE history (session, line, source)")
    connection.close()


def a_newer_database(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


def a_folder(path: Path) -> None:
    path.mkdir(parents=True)


@pytest.mark.parametrize(
    "spoil", [blocked_by_a_file, a_database_of_something_else, a_newer_database, a_folder]
)
def test_where_the_file_cant_be_used_memory_does_and_it_is_told_once(
    begin: Callable[..., Session],
    path: Path,
    caplog: pytest.LogCaptureFixture,
    spoil: Callable[[Path], None],
) -> None:
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    session = begin()
    session.run(*CELLS)
    assert session.inputs() == CELLS
    session.run("more")
    assert session.inputs(n=1) == ["more"]
    session.close()
    assert (path.read_bytes() if path.is_file() else None) == before
    (told,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert str(path) in told.getMessage()


def test_a_file_that_is_locked_for_long_gets_the_cells_when_it_is_free(
    begin: Callable[..., Session],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(history_file, "LOCKED_FOR", 0.01)
    first = begin()
    first.run("first")
    first.close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    session = begin()
    session.run("locked")
    assert session.inputs() == ["locked"], "from memory"
    other.execute("ROLLBACK")
    other.close()
    monkeypatch.setattr(history_thread, "RETRIED_AFTER", 0)
    session.close()
    assert begin().inputs() == ["first", "locked"]
    assert [each.split(":")[0] for each in caplog.messages] == [
        "the history is only in memory for now",
        "the history is written again",
    ]


def test_a_full_disk_keeps_the_cells_in_memory(path: Path) -> None:
    file = HistoryFile(path, "python")
    file.write([Counted(1, 1, "fits")])
    assert file._connection is not None
    (pages,) = file._connection.execute("PRAGMA page_count").fetchone()
    file._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(HistoryUnavailable, match="full"):
        file.write([Counted(2, 2, "x" * 100_000)])
    assert [each.input for each in file.find(HistoryRequest())] == ["fits"]
    file.close()


def test_a_python_without_sqlite_has_its_history_in_memory(
    begin: Callable[..., Session],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delattr(history_file, "HistoryFile")
    session = begin()
    session.run(*CELLS)
    assert session.inputs() == CELLS
    assert len(caplog.messages) == 1


def test_a_thread_that_hangs_leaves_no_request_without_its_answer(
    begin: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "ANSWERED_WITHIN", 0.01)
    monkeypatch.setattr(history, "CLOSED_WITHIN", 0.01)
    monkeypatch.setattr(history_thread.HistoryThread, "_run", lambda self: None)
    session = begin()
    session.run(*CELLS)
    assert session.inputs() == CELLS
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(history, "ANSWERED_WITHIN", 1000)
    session.ask_later(found)
    session.close()
    assert len(found[0]["history"]) == len(CELLS)


@pytest.mark.parametrize(("name", "limit"), [("ENTRIES_KEPT", 3), ("BYTES_KEPT", 22)])
def test_only_so_much_is_kept_in_memory(
    begin: Callable[..., Session], monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    for module in (history, history_memory):
        monkeypatch.setattr(module, name, limit, raising=False)
    session = begin("off")
    for count in range(10):
        session.run(str(count), output="1")
    assert [each[1] for each in session.ask()] == [8, 9, 10]
    session.run("x" * 100)
    session.run("y", output="1")
    assert session.inputs(n=1) == ["y"]


def test_of_many_cells_at_once_few_wait_to_be_written(
    begin: Callable[..., Session], path: Path
) -> None:
    session = begin()
    session.run("first")
    assert session.inputs() == ["first"]
    session.run(*map(str, range(history.WAITING)))  # the loop does not turn

    def written() -> bool:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM cells").fetchone()
        return bool(count == 1 + history.WAITING)

    until(written, "the cells to be written")


def test_where_there_is_a_file_memory_keeps_less(
    begin: Callable[..., Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "ENTRIES_BESIDE", 2)
    monkeypatch.delattr(history_file, "HistoryFile")
    session = begin()
    session.run(*CELLS)
    assert session.inputs() == CELLS[-2:]


@pytest.mark.parametrize("where", ["file", "memory"])
def test_the_result_of_a_cell_is_kept_however_many_cells_ended_while_it_ran(
    begin: Callable[..., Session], path: Path, where: str
) -> None:
    session = begin(path if where == "file" else "off")
    long = session.begin("long")
    session.run(*["x = 1"] * 300)
    session.result(long, "done")
    found = session.ask(hist_access_type="search", pattern="long", output=True)
    assert [entry[2] for entry in found] == [["long", "done"]]
