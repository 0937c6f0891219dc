"""One request of a front end's: what is right as its answer, what may excuse another, what came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.client import Seen

# what can happen to a request from outside
INTERRUPTED = "interrupted"
DIED = "died"  # its evaluator, not through the request itself
DELETED = "deleted"  # its subshell
RESTARTED = "restarted"  # its kernel: nothing is owed any more
LEFT = "left"  # its front end: it may never have been sent, and nobody may be there for the reply

_ALSO_RIGHT = {
    INTERRUPTED: {"error KeyboardInterrupt"},
    DIED: {"error EvaluatorDied", "failed", "unknown"},
    DELETED: {"error KeyboardInterrupt", "error UnknownSubshell", "error KernelShutdown"},
    LEFT: set(),
    # the front end of an input request may be gone when it is to be asked
}


class Broken(AssertionError):
    """An invariant does not hold."""


@dataclass(eq=False)
class Output:
    """What a cell prints and shows: numbered lines, by where they come from.

    Attributes:
        tag: What each of its lines begins with.
        own: How many lines the cell itself prints and shows, by source; each source in order.
        late: The same, of its threads and tasks, which may go on after the cell; under the cell.
        stray: The same, of children that nobody waits for; under whatever runs.
        width: How many letters follow in each line.
    """

    tag: str
    own: dict[str, int] = field(default_factory=dict)
    late: dict[str, int] = field(default_factory=dict)
    stray: dict[str, int] = field(default_factory=dict)
    width: int = 0

    def line(self, source: str, number: int) -> str:
        """Give the line of that number."""
        filler = " " + "x" * self.width if self.width else ""
        return f"{self.tag}.{source} {number}{filler}"


@dataclass(eq=False)
class Asked:
    """A request.

    Attributes:
        msg_id: Its id.
        msg_type: Its type.
        what: What it is, for the reader of a failure.
        identity: Of the front end that sent it.
        shell: The subshell that it is for; ``None`` for the main one.
        has_reply: A reply is owed.
        ignored: Nothing at all is to come of it: it is no good.
        right: The outcomes that are right: a status, or ``error`` and the error's name.
        output: What a cell prints and shows.
        silent: It shows nothing.
        counts: It makes the execution count go up.
        code: Of a cell.
        stops: Its error aborts what is queued.
        check: Says what is wrong with what came, where nothing has disturbed the request.
        plan: What is done when it asks for input.
        excuses: What has happened to it from outside.
        replies: What came on shell and control.
        caused: What was published with it as the parent, in order.
    """

    msg_id: str
    msg_type: str
    what: str
    identity: str = ""
    shell: str | None = None
    has_reply: bool = True
    ignored: bool = False
    right: frozenset[str] = frozenset({"ok"})
    output: Output | None = None
    silent: bool = False
    counts: bool = False
    code: str = ""
    stops: bool = True
    check: Callable[[Asked], str] | None = None
    plan: str = ""
    excuses: set[str] = field(default_factory=set)
    replies: list[Seen] = field(default_factory=list)
    caused: list[Seen] = field(default_factory=list)
    is_over: bool = False

    @property
    def is_cell(self) -> bool:
        return self.msg_type == "execute_request"

    @property
    def outcome(self) -> str:
        """The status of its reply, or ``error`` and the error's name."""
        if not self.replies:
            return ""
        content = self.replies[0].content
        if "success" in content:
            return "ok" if content["success"] else "failed"
        if content["status"] == "error":
            return f"error {content['ename']}"
        return str(content["status"])

    @property
    def began(self) -> bool:
        return bool(self.caused)

    @property
    def settled(self) -> bool:
        """Nothing more is to come of it."""
        if self.ignored or RESTARTED in self.excuses:
            return True
        if LEFT in self.excuses:
            return self.is_over or not self.began
        return self.is_over and (bool(self.replies) or not self.has_reply)

    def also_right(self) -> set[str]:
        """Give the outcomes that what happened from outside makes right."""
        also = set().union(*(_ALSO_RIGHT.get(each, set()) for each in self.excuses))
        if self.plan and LEFT in self.excuses:
            also.add("error StdinNotImplementedError")
        return also

    def __str__(self) -> str:
        excuses = f" ({', '.join(sorted(self.excuses))})" if self.excuses else ""
        return f"{self.what} [{self.msg_id[-12:]}]{excuses}"
