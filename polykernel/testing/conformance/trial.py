"""What is tried: a language, its samples, and the kernel that the checks share."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, NamedTuple

import psutil

from polykernel.testing.conformance.register import Broken, NotTried
from polykernel.testing.kernel import Kernel
from polykernel.testing.process import adopt_orphans, our_processes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polykernel.plugins import FoundLanguage
    from polykernel.samples import Samples
    from polykernel.testing.conformance.look import Looked
    from polykernel.testing.connecting import Seen
    from polykernel.testing.outcome import Outcome


class Started(NamedTuple):
    """A kernel, and how long its start took.

    Attributes:
        kernel: It.
        seconds: From the start of its process to its first reply.
    """

    kernel: Kernel
    seconds: float


class Trial:
    """A language under trial. Owns the kernels.

    Args:
        found: The language, and its plugin.
        samples: Code that tries it.
        patience: Seconds that anything may take.
        python: The interpreter that evaluates; this one where empty.
        environment: Variables for the kernels, beside this process's own.

    Attributes:
        looked: What its class looks like; ``None`` for a program, or where it was not looked at.
    """

    def __init__(
        self,
        found: FoundLanguage,
        samples: Samples,
        *,
        patience: float = 30.0,
        python: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.found = found
        self.language = found.language
        self.samples = samples
        self.patience = patience
        self.python = python
        self.looked: Looked | None = None
        self._environment = dict(environment or {})
        self._kernels: list[Kernel] = []
        self._shared: Kernel | None = None
        self._since = 0
        adopt_orphans()
        self._before = our_processes()

    # kernels

    @property
    def kernel(self) -> Kernel:
        """The kernel that checks share; started by the first one that needs it."""
        if self._shared is None:
            self._shared = self.fresh().kernel
        return self._shared

    def fresh(self) -> Started:
        """Start a kernel for one check alone; it is ended after it."""
        began = time.monotonic()
        kernel = Kernel(
            self.language.name,
            plugin=self.found.plugin.module,
            arguments=["--python", self.python] if self.python else [],
            environment=self._environment,
            patience=self.patience,
        )
        self._kernels.append(kernel)
        return Started(kernel, time.monotonic() - began)

    def begin_check(self) -> None:
        """Remember where the messages of a check begin."""
        self._since = len(self._shared.messages) if self._shared is not None else 0

    def end_check(self, *, failed: bool) -> None:
        """End kernels that no other check is to meet: after a failure, the shared one too."""
        for kernel in self._kernels:
            if kernel is not self._shared or failed:
                _end(kernel, at_once=failed)
        if failed:
            self._shared = None
        self._kernels = [] if self._shared is None else [self._shared]

    def close(self) -> None:
        """End all kernels, and what a faulty one has left behind."""
        self.end_check(failed=False)
        if self._shared is not None:
            _end(self._shared, at_once=False)
            self._shared, self._kernels = None, []
        for process in our_processes() - self._before:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    # what a failing check tells

    def messages(self) -> list[Seen]:
        """All messages of the running check."""
        seen: list[Seen] = []
        for kernel in self._kernels:
            with contextlib.suppress(Exception):  # its sockets may be closed
                seen += kernel.messages[self._since if kernel is self._shared else 0 :]
        return seen

    def sent(self) -> str:
        """Tell the requests that the running check has made, the last ones."""
        ours = [
            seen
            for seen in self.messages()
            if seen.sent and seen.msg_type not in ("kernel_info_request", "shutdown_request")
        ]
        return "\n".join(f"{seen.msg_type} {_code(seen)}" for seen in ours[-3:])

    # what checks ask

    def plain(self) -> str:
        """Give code that succeeds, of any kind.

        Raises:
            NotTried: There is no sample for it.
        """
        for sample in (self.samples.value, self.samples.prints, self.samples.multiline):
            if sample is not None:
                return sample[0]
        raise NotTried("no sample for value, prints or multiline")

    def offers(self, method: str) -> bool | None:
        """Whether the evaluator's class overrides a method; ``None`` where nobody can tell."""
        return None if self.looked is None else method in self.looked["overridden"]


def next_cell_runs(trial: Trial) -> None:
    """See that the kernel goes on after what a check has done to it.

    Raises:
        Broken: It does not.
    """
    try:
        code = trial.plain()
    except NotTried:
        return
    after = trial.kernel.execute(code)
    if after.status != "ok":
        raise Broken(f"the next cell: {described(after)}; expected was status ok")


def _code(seen: Seen) -> str:
    from polykernel.testing.outcome import shorten

    content = dict(seen.content)
    if len(str(content.get("code", ""))) > 200:
        content["code"] = f"{content['code'][:100]}… ({len(content['code'])} characters)"
    return shorten(content)


def _end(kernel: Kernel, *, at_once: bool) -> None:
    if at_once:
        kernel.kill()
    else:
        kernel.close()


def cell_shows(trial: Trial, code: str, text: str) -> None:
    """Run a cell, and hold that a text is in what it shows.

    Raises:
        Broken: It is not.
    """
    outcome = trial.kernel.execute(code)
    if text not in outcome.shown:
        raise Broken(f"{described(outcome)}; expected was the text {text!r}")


def described(outcome: Outcome) -> str:
    """Tell an outcome in one line: what a failing check got."""
    parts = [f"status {outcome.status}"]
    if outcome.error is not None:
        parts.append(f"{outcome.error.ename}: {outcome.error.evalue}")
    if outcome.result is not None:
        parts.append(f"result {_short(outcome.result)}")
    for name in ("stdout", "stderr"):
        text = getattr(outcome, name)
        if text:
            parts.append(f"{name} {_short(text)}")
    parts += [f"display {', '.join(shown.data)}" for shown in outcome.displays[:3]]
    return "; ".join(parts)


def _short(text: str) -> str:
    return repr(text) if len(text) <= 200 else f"{text[:100]!r}… ({len(text)} characters)"
