"""jupyter_client's three clients: blocking, asynchronous, and in a thread of its own."""

from __future__ import annotations

import asyncio
import queue
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.threaded import ThreadedKernelClient, ThreadedZMQSocketChannel
from support.kernels import Kernel
from traitlets import Type

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

PATIENCE = 30  # seconds: a bound for what must come, not a measurement


class Asked:
    """What a client is asked and shown while it runs a cell, and what it does about it."""

    def __init__(self, answer: Callable[[str], None] = lambda value: None, value: str = "") -> None:
        self.prompts: list[str] = []
        self.shown: list[dict[str, Any]] = []
        self.when: dict[str, Callable[[], object]] = {}
        self._answer = answer
        self._value = value

    def stdin(self, message: dict[str, Any]) -> None:
        self.prompts.append(message["content"]["prompt"])
        self._answer(self._value)

    def output(self, message: dict[str, Any]) -> None:
        self.shown.append(message)
        text = message["content"].get("text", "")
        for word in [word for word in self.when if word in text]:
            self.when.pop(word)()

    @property
    def text(self) -> str:
        return "".join(message["content"].get("text", "") for message in self.shown)

    @property
    def results(self) -> list[str]:
        return [
            message["content"]["data"]["text/plain"]
            for message in self.shown
            if message["msg_type"] == "execute_result"
        ]


@contextmanager
def blocking(kernel: Kernel) -> Iterator[BlockingKernelClient]:
    client = BlockingKernelClient()
    client.load_connection_info(kernel.manager.get_connection_info())
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        yield client
    finally:
        client.stop_channels()
        client.context.destroy(linger=0)


@pytest.mark.parametrize(
    ("language", "code", "result"),
    [("python", "6 * 7", "42"), ("calc", "6 * 7", "42"), ("echo", "6 * 7", "6 * 7")],
)
def test_the_blocking_client_runs_a_cell(
    request: pytest.FixtureRequest, language: str, code: str, result: str
) -> None:
    asked = Asked()
    with blocking(request.getfixturevalue(language)) as client:
        reply = client.execute_interactive(code, timeout=PATIENCE, output_hook=asked.output)
    assert reply["content"]["status"] == "ok"
    assert asked.results == [result]


def test_the_blocking_client_prints_what_a_cell_prints_and_shows_its_error(
    python: Kernel, capsys: pytest.CaptureFixture[str]
) -> None:
    with blocking(python) as client:
        code = "import sys; print('out'); print('err', file=sys.stderr); 1 / 0"
        reply = client.execute_interactive(code, timeout=PATIENCE)
    assert reply["content"]["ename"] == "ZeroDivisionError"
    printed = capsys.readouterr()
    assert printed.out == "out\n"
    assert "err\n" in printed.err
    assert "ZeroDivisionError" in printed.err


def test_the_blocking_client_answers_an_input_request(python: Kernel) -> None:
    with blocking(python) as client:
        asked = Asked(client.input, "Ada")
        reply = client.execute_interactive(
            "print('Hello,', input('name? '))",
            timeout=PATIENCE,
            output_hook=asked.output,
            stdin_hook=asked.stdin,
        )
    assert reply["content"]["status"] == "ok"
    assert asked.prompts == ["name? "]
    assert asked.text == "Hello, Ada\n"


def test_the_blocking_client_interrupts_a_cell(python: Kernel) -> None:
    asked = Asked()
    asked.when["running"] = python.manager.interrupt_kernel
    with blocking(python) as client:
        reply = client.execute_interactive(
            "print('running')\nwhile True: pass", timeout=PATIENCE, output_hook=asked.output
        )
    assert reply["content"]["ename"] == "KeyboardInterrupt"


def test_the_blocking_client_goes_on_after_a_restart(python: Kernel) -> None:
    asked = Asked()
    with blocking(python) as client:
        client.execute_interactive("kept = 1", timeout=PATIENCE)
        python.restart()
        client.wait_for_ready(timeout=PATIENCE)
        client.execute_interactive(
            "'kept' in globals()", timeout=PATIENCE, output_hook=asked.output
        )
    assert asked.results == ["False"]


def test_the_blocking_client_asks_all_that_a_front_end_asks(python: Kernel) -> None:
    with blocking(python) as client:

        def content(name: str, *arguments: Any, **options: Any) -> dict[str, Any]:
            reply: dict[str, Any] = getattr(client, name)(
                *arguments, **options, reply=True, timeout=PATIENCE
            )
            assert reply["content"]["status"] != "error", reply["content"]
            return dict(reply["content"])

        content("execute", "word_of_mine = 1")
        assert content("complete", "word_of", 7)["matches"] == ["word_of_mine"]
        assert "print" in content("inspect", "print", 3)["data"]["text/plain"]
        assert content("history", hist_access_type="tail", n=1)["history"][-1][2] == (
            "word_of_mine = 1"
        )
        assert content("comm_info")["comms"] == {}
        assert content("kernel_info")["language_info"]["name"] == "python"
        client.is_complete("for n in x:")  # of this one, the client does not fetch the reply
        assert client.get_shell_msg(timeout=PATIENCE)["content"]["status"] == "incomplete"


def test_the_blocking_client_shuts_the_kernel_down(tmp_path: Path) -> None:
    kernel = Kernel("polykernel-echo", tmp_path)
    try:
        with blocking(kernel) as client:
            reply = client.shutdown(reply=True, timeout=PATIENCE)
        assert reply["content"] == {"status": "ok", "restart": False}
        assert kernel.exit_code() == 0
    finally:
        kernel.end()


# asynchronous


def run_with_async_client(
    kernel: Kernel, body: Callable[[AsyncKernelClient], Awaitable[None]]
) -> None:
    async def run() -> None:
        client = AsyncKernelClient()
        client.load_connection_info(kernel.manager.get_connection_info())
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=PATIENCE)
            await body(client)
        finally:
            client.stop_channels()
            client.context.destroy(linger=0)

    asyncio.run(run())


@pytest.mark.parametrize("language", ["python", "calc", "echo"])
def test_the_asynchronous_client_runs_cells(request: pytest.FixtureRequest, language: str) -> None:
    asked = Asked()

    async def body(client: AsyncKernelClient) -> None:
        for code in ("20", "22"):
            reply = await client.execute_interactive(
                code, timeout=PATIENCE, output_hook=asked.output
            )
            assert reply["content"]["status"] == "ok"

    run_with_async_client(request.getfixturevalue(language), body)
    assert asked.results == ["20", "22"]


def test_the_asynchronous_client_asks_while_a_cell_waits_for_input(python: Kernel) -> None:
    answers: list[Any] = []

    async def body(client: AsyncKernelClient) -> None:
        async def answer(message: dict[str, Any]) -> None:
            answers.append(message["content"]["prompt"])
            reply = await client.kernel_info(reply=True, timeout=PATIENCE)
            answers.append(reply["msg_type"])
            client.input("Grace")

        asked = Asked()
        await client.execute_interactive(
            "input('who? ')", timeout=PATIENCE, output_hook=asked.output, stdin_hook=answer
        )
        answers.extend(asked.results)

    run_with_async_client(python, body)
    assert answers == ["who? ", "kernel_info_reply", "'Grace'"]


def test_the_asynchronous_client_asks_all_that_a_front_end_asks(calc: Kernel) -> None:
    async def body(client: AsyncKernelClient) -> None:
        reply = await client.complete("sqr", 3, reply=True, timeout=PATIENCE)
        assert reply["content"]["matches"] == ["sqrt"]
        reply = await client.inspect("sqrt", 4, reply=True, timeout=PATIENCE)
        assert reply["content"]["found"]
        reply = await client.is_complete("1 + 1", reply=True, timeout=PATIENCE)
        assert reply["content"]["status"] == "complete"
        reply = await client.comm_info(reply=True, timeout=PATIENCE)
        assert reply["content"]["comms"] == {}

    run_with_async_client(calc, body)


# in a thread of its own, as qtconsole has it


class Collecting(ThreadedZMQSocketChannel):
    """Keeps what comes."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.come: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        super().__init__(*arguments, **options)

    def call_handlers(self, msg: dict[str, Any]) -> None:
        self.come.put(msg)

    def next(self, msg_type: str, parent: str) -> dict[str, Any]:
        while True:
            message = self.come.get(timeout=PATIENCE)
            if message["msg_type"] == msg_type and message["parent_header"]["msg_id"] == parent:
                return dict(message["content"])


class Threaded(ThreadedKernelClient):
    """What a graphical front end derives."""

    iopub_channel_class = Type(Collecting)
    shell_channel_class = Type(Collecting)
    stdin_channel_class = Type(Collecting)
    control_channel_class = Type(Collecting)


@contextmanager
def threaded(kernel: Kernel) -> Iterator[Any]:
    client: Any = Threaded()
    client.load_connection_info(kernel.manager.get_connection_info())
    client.start_channels()
    try:
        # a subscription takes its time: ask until something is heard
        while not client.iopub_channel.come.qsize():
            client.shell_channel.next("kernel_info_reply", client.kernel_info())
            client.iopub_channel.flush()
        yield client
    finally:
        client.stop_channels()
        client.context.destroy(linger=0)


@pytest.mark.parametrize("language", ["python", "calc", "echo"])
def test_the_threaded_client_runs_a_cell(request: pytest.FixtureRequest, language: str) -> None:
    with threaded(request.getfixturevalue(language)) as client:
        cell = client.execute("42")
        assert client.iopub_channel.next("execute_result", cell)["data"]["text/plain"] == "42"
        assert client.shell_channel.next("execute_reply", cell)["status"] == "ok"


def test_the_threaded_client_answers_interrupts_and_asks(python: Kernel) -> None:
    with threaded(python) as client:
        cell = client.execute("print(input('name? '))\nwhile True: pass")
        assert client.stdin_channel.next("input_request", cell)["prompt"] == "name? "
        client.input("Ada")
        assert client.iopub_channel.next("stream", cell)["text"] == "Ada\n"
        beside = client.complete("prin", 4)
        assert "print" in client.shell_channel.next("complete_reply", beside)["matches"]
        request = client.session.msg("interrupt_request", {})
        client.control_channel.send(request)
        assert client.control_channel.next("interrupt_reply", request["header"]["msg_id"]) == {
            "status": "ok"
        }
        assert client.shell_channel.next("execute_reply", cell)["ename"] == "KeyboardInterrupt"
