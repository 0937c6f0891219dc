"""The contents of the messages that the host reads and makes itself, typed.

Specification: "Messages on the shell ROUTER/DEALER channel".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from polykernel.message import encode, from_json

if TYPE_CHECKING:
    from polykernel.channel_lines import Failure
    from polykernel.limits import Excess


class ExecuteRequest(msgspec.Struct, frozen=True):
    """Content of an execute request (specification, "Execute")."""

    code: str
    silent: bool = False
    store_history: bool = True
    user_expressions: dict[str, str] | None = None
    allow_stdin: bool = True
    stop_on_error: bool = True


class Shown(msgspec.Struct, frozen=True):
    """A cell's result."""

    data: msgspec.Raw
    metadata: msgspec.Raw = msgspec.Raw(b"{}")

    def __post_init__(self) -> None:
        if not (_is_object(self.data) and _is_object(self.metadata)):
            raise ValueError("data and metadata must be objects")


class _Display(msgspec.Struct):
    """What a cell shows."""

    data: dict[str, msgspec.Raw]
    metadata: dict[str, msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    transient: dict[str, msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


class CellResult(msgspec.Struct, frozen=True):
    """What an evaluator answers to a cell (docs/channel.md, "Result of a cell")."""

    status: Literal["ok", "error"]
    result: Shown | None = None
    ename: str | None = None
    evalue: str = ""
    traceback: list[str] = []
    user_expressions: msgspec.Raw = msgspec.Raw(b"{}")
    payload: msgspec.Raw = msgspec.Raw(b"[]")

    def __post_init__(self) -> None:
        if self.status == "error" and self.ename is None:
            raise ValueError("an error must have an ename")


class CompleteRequest(msgspec.Struct, frozen=True):
    """Content of a complete request (specification, "Completion")."""

    code: str
    cursor_pos: int | None = None


class InspectRequest(msgspec.Struct, frozen=True):
    """Content of an inspect request (specification, "Introspection")."""

    code: str
    cursor_pos: int | None = None
    detail_level: int = 0


class IsCompleteRequest(msgspec.Struct, frozen=True):
    """Content of an is_complete request (specification, "Code completeness")."""

    code: str


class ShutdownRequest(msgspec.Struct, frozen=True):
    """Content of a shutdown request (specification, "Kernel shutdown")."""

    restart: bool = False


class DeleteSubshellRequest(msgspec.Struct, frozen=True):
    """Content of a delete_subshell request (specification, "Delete subshell")."""

    subshell_id: str


def error_content(ename: str, evalue: str, traceback: list[str] | None = None) -> dict[str, Any]:
    """Content of a reply with the status error, and of an error message."""
    lines = [f"{ename}: {evalue}"] if traceback is None else traceback
    return {"status": "error", "ename": ename, "evalue": evalue, "traceback": lines}


def plugin_error(trouble: str, traceback: str, advice: str) -> dict[str, Any]:
    """Content of the error of a cell whose plugin is broken; what to do comes last."""
    return error_content("PluginError", trouble, [trouble, *traceback.splitlines(), advice])


def excess_content(excess: Excess, *lines: str) -> dict[str, Any]:
    """Content of the error of a cell that has exceeded a limit; how to raise it comes last."""
    told = f"\x1b[31mLimitExceeded\x1b[39m: {excess.told}"
    return error_content("LimitExceeded", excess.told, [told, *lines, excess.advice])


def published_error(content: dict[str, Any]) -> dict[str, Any]:
    """Content of an error message, from that of an error's reply (specification, "error")."""
    return {key: content[key] for key in ("ename", "evalue", "traceback")}


def failure_content(failure: Failure, plugin: str) -> dict[str, Any]:
    """Content of an error reply that tells a bug of an evaluator, and in which plugin it is."""
    data = failure.data or {}
    return error_content(
        str(data.get("ename", "EvaluatorError")),
        str(data.get("evalue", failure.message)),
        [f"A bug in the plugin {plugin}:", *map(str, data.get("traceback") or [failure.message])],
    )


def notebook_cell_id(metadata: bytes) -> str | None:
    """Find the notebook's id of a cell, which JupyterLab sends in a request's metadata."""
    if b'"cellId"' not in metadata:
        return None
    try:
        value = from_json(metadata).get("cellId")
    except (msgspec.DecodeError, AttributeError):
        return None
    return value if isinstance(value, str) else None


def execute_result(shown: Shown, execution_count: int) -> bytes:
    """Give the content of an execute_result message (specification, "Code execution results")."""
    return encode(
        {"execution_count": execution_count, "data": shown.data, "metadata": shown.metadata}
    )


def display_content(content: bytes) -> bytes:
    """Give the content of a display with all that front ends rely on.

    Raises:
        msgspec.DecodeError: It is none.
        RecursionError: It is nested too deeply.
    """
    display = _decode_display(content)
    missing = b""
    if display.metadata is msgspec.UNSET:
        missing += b',"metadata":{}'
    if display.transient is msgspec.UNSET:
        missing += b',"transient":{}'
    return content.rstrip()[:-1] + missing + b"}" if missing else content


_decode_display = msgspec.json.Decoder(_Display).decode


def _is_object(value: msgspec.Raw) -> bool:
    return bytes(memoryview(value)[:1]) == b"{"
