"""Checks of output while a cell runs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from polykernel.testing.conformance.register import Broken, check
from polykernel.testing.conformance.trial import described

if TYPE_CHECKING:
    from polykernel.testing.conformance.trial import Trial
    from polykernel.testing.connecting import Seen

_APART = 0.25  # seconds: of the second that the sample waits, what must be left between both texts


@check(
    rule="What a cell prints is published while it runs, not at its end.",
    section='"Streams (stdout, stderr, etc)"',
    mend="Flush after each line: run the runtime without a buffer (-u, stdbuf -oL, a terminal), "
    "and hand on what is there instead of waiting for a line or for the end.",
    needs=("slow",),
)
def as_it_comes(trial: Trial) -> str:
    """Output appears as it is made."""
    pending = trial.kernel.start(trial.samples.slow or "")
    outcome = pending.outcome()
    if "first" not in outcome.stdout or "second" not in outcome.stdout:
        raise Broken(f"{described(outcome)}; expected were the texts 'first' and 'second'")
    texts = [seen for seen in pending.seen if seen.msg_type == "stream"]
    one = next(seen for seen in texts if "first" in seen.content["text"])
    other = next(seen for seen in reversed(texts) if "second" in seen.content["text"])
    # by the host's own clock: we may have been slow to read
    apart = _made(other) - _made(one)
    if one is other or apart < _APART:
        raise Broken(
            "'first' and 'second' came together, at the end"
            if one is other
            else f"'second' came {apart * 1000:.0f} ms after 'first', at the end"
        )
    return f"the two texts came {apart:.1f} s apart"


def _made(seen: Seen) -> float:
    return datetime.fromisoformat(seen.date).timestamp()
