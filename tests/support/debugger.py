"""A front end's side of debugging: the Debug Adapter Protocol, as JupyterLab speaks it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from support.client import Client, Outcome


def murmur2(data: bytes, seed: int) -> int:
    """The hash that JupyterLab's `hash.ts` computes, line by line as it stands there."""
    factor, at, left = 0x5BD1E995, 0, len(data)
    value = seed ^ left
    while left >= 4:
        word = data[at] | data[at + 1] << 8 | data[at + 2] << 16 | data[at + 3] << 24
        word = word * factor & 0xFFFFFFFF
        word ^= word >> 24
        word = word * factor & 0xFFFFFFFF
        value = (value * factor & 0xFFFFFFFF) ^ word
        at, left = at + 4, left - 4
    if left == 3:
        value ^= data[at + 2] << 16
    if left >= 2:
        value ^= data[at + 1] << 8
    if left >= 1:
        value ^= data[at]
        value = value * factor & 0xFFFFFFFF
    value ^= value >> 13
    value = value * factor & 0xFFFFFFFF
    return value ^ value >> 15


#: Commands whose response the specification gives another name.
ANSWERS = {"copyToGlobals": "setExpression"}


class Failed(AssertionError):
    """The response says that the request failed."""


class Debugger:
    """Debugs through one front end."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._seq = itertools.count(1)
        self._seen = 0  # messages in which events have been looked for

    def outcome(self, command: str, **arguments: Any) -> Outcome:
        """Send a request; give the reply, whatever it says, and what it has caused."""
        content = {"type": "request", "seq": next(self._seq), "command": command}
        return self.client.request(
            "debug_request", {**content, "arguments": arguments}, channel="control"
        )

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a request; give the body of its response."""
        reply = self.outcome(command, **arguments).reply
        assert reply["type"] == "response"
        assert reply["command"] == ANSWERS.get(command, command)
        if not reply["success"]:
            raise Failed(f"{command}: {reply.get('message')}")
        body: dict[str, Any] = reply.get("body") or {}
        return body

    def begin(self, **options: Any) -> dict[str, Any]:
        """Do what JupyterLab's bug button does."""
        capabilities = self.ask("initialize", clientID="jupyterlab", adapterID="")
        self.ask("attach", **options)
        return capabilities

    def end(self) -> None:
        """Do what JupyterLab's bug button does when it is pressed again."""
        self.ask("disconnect", restart=False, terminateDebuggee=False)

    def break_at(self, code: str, *lines: int) -> str:
        """Set breakpoints in a cell, as a click into its gutter does; give its file's name."""
        path = str(self.ask("dumpCell", code=code)["sourcePath"])
        self.ask(
            "setBreakpoints",
            source={"path": path},
            breakpoints=[{"line": line} for line in lines],
            sourceModified=False,
        )
        return path

    def wait_for(self, event: str) -> dict[str, Any]:
        """Wait for the next event of that name that nobody has waited for; give its body."""
        found = self.client.wait(
            lambda seen: seen.msg_type == "debug_event" and seen.content["event"] == event,
            f"the debug event {event}",
            since=self._seen,
        )
        self._seen = self.client.seen.index(found) + 1
        body: dict[str, Any] = found.content.get("body") or {}
        return body

    def stopped(self) -> tuple[int, list[dict[str, Any]]]:
        """Wait until something is stopped; give its thread, and its frames."""
        thread = self.wait_for("stopped")["threadId"]
        return thread, self.ask("stackTrace", threadId=thread)["stackFrames"]

    def variables(self, frame: dict[str, Any], scope: int = 0) -> dict[str, str]:
        """Give names and values of a frame's variables."""
        scopes = self.ask("scopes", frameId=frame["id"])["scopes"]
        found = self.ask("variables", variablesReference=scopes[scope]["variablesReference"])
        return {each["name"]: each["value"] for each in found["variables"]}
