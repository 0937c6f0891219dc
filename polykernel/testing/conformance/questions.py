"""Checks of the questions about code: completion, introspection, code completeness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polykernel.testing.conformance.register import Broken, NotOffered, NotTried, check
from polykernel.testing.outcome import without_colours

if TYPE_CHECKING:
    from polykernel.testing.conformance.trial import Trial

_FAILED = "is_complete failed"  # in the host's log
_FAR = 100  # code points past the end


def _offered(trial: Trial, method: str) -> None:
    if trial.offers(method) is False:
        raise NotOffered(f"{method}() is not overridden")


# completion


def _complete(trial: Trial, code: str, cursor_pos: int) -> dict[str, Any]:
    reply = trial.kernel.complete(code, cursor_pos)
    if reply.get("status") != "ok":
        raise Broken(f"{reply.get('ename')}: {reply.get('evalue')}; expected was status ok")
    start, end = reply["cursor_start"], reply["cursor_end"]
    if reply["matches"] and not 0 <= start <= end <= len(code):
        raise Broken(
            f"the matches replace {start} to {end}, of code that has {len(code)} code points"
        )
    return reply


@check(
    rule="matches are what may stand in the place of code[cursor_start:cursor_end].",
    section='"Completion"',
    mend="Let complete() return Completions(matches, start, end), or a sequence of words.",
    needs=("completion",),
)
def completion(trial: Trial) -> None:
    """Code is completed."""
    _offered(trial, "complete")
    code, match = trial.samples.completion or ("", "")
    reply = _complete(trial, code, len(code))
    if match not in reply["matches"]:
        raise Broken(f"the matches were {_few(reply['matches'])}; expected was {match!r}")


@check(
    rule="cursor_pos, cursor_start and cursor_end count unicode code points: a character beyond "
    "U+FFFF is one, not two as in UTF-16 and not four as in UTF-8.",
    section='"Completion", "Changed in version 5.2" of cursor_pos',
    mend="Count as Python's str does; translate where the runtime counts otherwise.",
    needs=("completion", "unicode"),
)
def completion_code_points(trial: Trial) -> None:
    """Completion counts code points."""
    _offered(trial, "complete")
    code, match = trial.samples.completion or ("", "")
    before = _astral_line(trial)
    plain = _complete(trial, code, len(code))
    if match not in plain["matches"]:
        raise NotTried("it is not completed at all: see questions.completion")
    reply = _complete(trial, before + code, len(before + code))
    if match not in reply["matches"]:
        raise Broken(
            f"behind a line with {_astral(before)} characters beyond U+FFFF the matches were "
            f"{_few(reply['matches'])}; expected was {match!r}"
        )
    moved = tuple(reply[name] - plain[name] for name in ("cursor_start", "cursor_end"))
    if moved != (len(before), len(before)):
        raise Broken(
            f"behind a line of {len(before)} code points, {_astral(before)} of them beyond U+FFFF, "
            f"cursor_start moved by {moved[0]} and cursor_end by {moved[1]}"
        )


@check(
    rule="complete_request may come with the cursor anywhere, also in front, inside a word and, "
    "after a change of the code, past its end; it gets a reply with status ok.",
    section='"Completion"',
    mend="Cut cursor_pos to the code's length, and return None where there is nothing.",
)
def completion_anywhere(trial: Trial) -> None:
    """Completion is asked with the cursor anywhere."""
    _offered(trial, "complete")
    for code in _codes(trial):
        for place in _places(code):
            try:
                _complete(trial, code, place)
            except Broken as broken:
                sent = f"complete_request {code!r} with cursor_pos {place}"
                raise Broken(broken.came, sent=sent) from None


# introspection


def _inspect(trial: Trial, code: str, cursor_pos: int) -> dict[str, Any]:
    reply = trial.kernel.inspect(code, cursor_pos)
    if reply.get("status") != "ok":
        raise Broken(f"{reply.get('ename')}: {reply.get('evalue')}; expected was status ok")
    return reply


def _help(reply: dict[str, Any]) -> str:
    return without_colours(str(reply.get("data", {}).get("text/plain", "")))


@check(
    rule="inspect_reply has found=true and a MIME bundle with text/plain where there is help.",
    section='"Introspection"',
    mend="Let inspect() return the text, or a Bundle with text/plain.",
    needs=("inspection",),
)
def inspection(trial: Trial) -> None:
    """Help is given."""
    _offered(trial, "inspect")
    code, text = trial.samples.inspection or ("", "")
    reply = _inspect(trial, code, len(code))
    if not reply["found"] or text not in _help(reply):
        raise Broken(
            f"found {reply['found']}, help {_help(reply)[:200]!r}; expected was the text {text!r}"
        )


@check(
    rule="cursor_pos counts unicode code points.",
    section='"Introspection"',
    mend="Count as Python's str does; translate where the runtime counts otherwise.",
    needs=("inspection", "unicode"),
)
def inspection_code_points(trial: Trial) -> None:
    """Introspection counts code points."""
    _offered(trial, "inspect")
    code, text = trial.samples.inspection or ("", "")
    before = _astral_line(trial)
    if text not in _help(_inspect(trial, code, len(code))):
        raise NotTried("there is no help at all: see questions.inspection")
    reply = _inspect(trial, before + code, len(before + code))
    if not reply["found"] or text not in _help(reply):
        raise Broken(
            f"behind a line with {_astral(before)} characters beyond U+FFFF: found "
            f"{reply['found']}, help {_help(reply)[:200]!r}; expected was the text {text!r}"
        )


@check(
    rule="inspect_request may come with the cursor anywhere; it gets a reply with status ok, and "
    "found=false where there is nothing to tell.",
    section='"Introspection"',
    mend="Cut cursor_pos to the code's length, and return None where there is nothing.",
)
def inspection_anywhere(trial: Trial) -> None:
    """Introspection is asked with the cursor anywhere."""
    _offered(trial, "inspect")
    for code in _codes(trial):
        for place in _places(code):
            try:
                _inspect(trial, code, place)
            except Broken as broken:
                sent = f"inspect_request {code!r} with cursor_pos {place}"
                raise Broken(broken.came, sent=sent) from None


# code completeness


def _completeness(trial: Trial, code: str, expected: str) -> None:
    _offered(trial, "is_complete")
    got = trial.kernel.is_complete(code)
    if got.status == "unknown" and trial.offers("is_complete") is None:
        raise NotOffered("it answers 'unknown'")
    if got.status != expected:
        raise Broken(f"{got.status!r}; expected was {expected!r}")


@check(
    rule="Code that can be run as it is, is complete.",
    section='"Code completeness"',
    mend='Let is_complete() return "complete".',
    needs=("complete",),
)
def complete(trial: Trial) -> None:
    """Complete code is told as such."""
    _completeness(trial, trial.samples.complete or "", "complete")


@check(
    rule="Code that wants another line is incomplete; a console then does not run it.",
    section='"Code completeness"',
    mend='Let is_complete() return "incomplete", or ("incomplete", indent).',
    needs=("incomplete",),
)
def incomplete(trial: Trial) -> None:
    """Incomplete code is told as such."""
    _completeness(trial, trial.samples.incomplete or "", "incomplete")


@check(
    rule="Code that no further line can mend is invalid; a console then runs it, for the error.",
    section='"Code completeness"',
    mend='Let is_complete() return "invalid".',
    needs=("invalid",),
)
def invalid(trial: Trial) -> None:
    """Invalid code is told as such."""
    _completeness(trial, trial.samples.invalid or "", "invalid")


@check(
    rule="is_complete_request may come with any text, and gets one of the four answers.",
    section='"Code completeness"',
    mend='Let is_complete() return "unknown" where it can\'t tell, and raise nothing.',
)
def completeness_of_anything(trial: Trial) -> None:
    """Whether code is complete can be asked of any text."""
    _offered(trial, "is_complete")
    for code in ("", " ", "\n", "\r\n", "\0", "((((", "\N{SNAKE}" * 3, *_codes(trial)):
        got = trial.kernel.is_complete(code)
        sent = f"is_complete_request {code!r}"
        if got.status not in ("complete", "incomplete", "invalid", "unknown"):
            raise Broken(f"status {got.status!r}", sent=sent)
        # the reply has no status for an error: the host says it in its log
        log = trial.kernel.process.log()
        if _FAILED in log:
            raise Broken(log[log.index(_FAILED) :].partition("\n")[0], sent=sent)


# what is asked


def _codes(trial: Trial) -> list[str]:
    samples = trial.samples
    pairs = (samples.completion, samples.inspection, samples.unicode, samples.multiline)
    return ["", *dict.fromkeys(pair[0] for pair in pairs if pair)]


def _places(code: str) -> list[int]:
    return sorted({0, 1, len(code) // 2, max(0, len(code) - 1), len(code), len(code) + _FAR})


def _astral(text: str) -> int:
    return sum(character > "\uffff" for character in text)


def _astral_line(trial: Trial) -> str:
    code = (trial.samples.unicode or ("", ""))[0]
    if not _astral(code):
        raise NotTried("the code of the sample unicode has no character beyond U+FFFF itself")
    return code + "\n"


def _few(matches: list[str]) -> str:
    return f"{matches[:8]}" if len(matches) <= 8 else f"{matches[:8]} and {len(matches) - 8} more"
