"""Random cells of the languages: their code, and what is right of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soak.asked import Asked, Output

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

_PRELUDE = "import os, subprocess, sys, threading, time\n"
_CHILD = "i={start}; while [ $i -lt {stop} ]; do echo {tag}.{source} $i; i=$((i+1)); done"
_TARGET = """
import comm
def soaked(comm, message):
    def echo(message):
        comm.send(message["content"]["data"], buffers=message["buffers"])
    comm.on_msg(echo)
comm.get_comm_manager().register_target("soak", soaked)
"""


@dataclass
class Recipe:
    """A cell, before it is sent.

    Attributes:
        kind: What kind of cell it is.
        code: Its code.
        right: Its outcomes that are right.
        output: What it prints and shows.
        content: More of its request's content.
        check: Says what else is wrong with what came.
        plan: What is done when it asks for input.
        crashes: It ends its evaluator.
        waits: The file that it waits for.
    """

    kind: str
    code: str
    right: tuple[str, ...] = ("ok",)
    output: Output | None = None
    content: dict[str, Any] | None = None
    check: Callable[[Asked], str] | None = None
    plan: str = ""
    crashes: bool = False
    waits: Path | None = None


class Cook:
    """Makes cells in Python, for the evaluators that run it.

    Args:
        dice: What is drawn from.
        tag: What the lines of the next cell begin with.
        gate: The file that it may wait for.
        show: The code that shows ``{text}``.
        ordered: What is shown and what is printed stay in order.
        main: The cell is for the main shell, where what a child prints has its place.
    """

    def __init__(
        self, dice: random.Random, tag: str, gate: Path, show: str, *, ordered: bool, main: bool
    ) -> None:
        self._dice = dice
        self._gate = gate
        self._show = show
        self._shown = "m" if ordered else "d"
        self._main = main
        self.output = Output(tag)

    def _next(self, count: int, source: str = "m") -> range:
        """Take the next numbers of a source."""
        start = self.output.own.get(source, 0)
        self.output.own[source] = start + count
        return range(start, start + count)

    def _print(self, count: int) -> str:
        numbers, tag = self._next(count), self.output.tag
        return f"for i in range({numbers.start}, {numbers.stop}): print(f'{tag}.m {{i}}')\n"

    def _write(self, count: int) -> str:
        text = "".join(self.output.line("m", number) + "\n" for number in self._next(count))
        return f"_ = sys.stdout.write({text!r})\n"

    def _raw(self, count: int) -> str:
        text = "".join(self.output.line("m", number) + "\n" for number in self._next(count))
        return f"_ = os.write(1, {text.encode()!r})\n"

    def _child(self, count: int) -> str:
        numbers = self._next(count)
        script = _CHILD.format(
            start=numbers.start, stop=numbers.stop, tag=self.output.tag, source="m"
        )
        return f"_ = subprocess.run(['sh', '-c', {script!r}], check=True)\n"

    def _display(self, count: int) -> str:
        shown = (self.output.line(self._shown, each) for each in self._next(count, self._shown))
        return "".join(self._show.format(text=repr(each)) + "\n" for each in shown)

    def _error_text(self, count: int) -> str:
        numbers, tag = self._next(count, "e"), self.output.tag
        return (
            f"for i in range({numbers.start}, {numbers.stop}): "
            f"print(f'{tag}.e {{i}}', file=sys.stderr)\n"
        )

    def pieces(self, most: int = 6) -> str:
        """Give code that prints and shows in some ways, in order."""
        ways = [self._print, self._write, self._display, self._error_text]
        if self._main:
            ways += [self._raw, self._child]
        code = _PRELUDE
        for _ in range(self._dice.randrange(1, most)):
            way = self._dice.choice(ways)
            code += way(self._dice.randrange(1, 4 if way == self._child else 30))
        return code

    def gate(self) -> str:
        """Give code that waits until the gate is opened."""
        return f"while not os.path.exists({str(self._gate)!r}): time.sleep(0.002)\n"


def lines(cook: Cook, dice: random.Random) -> Recipe:
    return Recipe("lines", cook.pieces(8), output=cook.output)


def result(cook: Cook, dice: random.Random) -> Recipe:
    value = dice.randrange(10**6)

    def check(asked: Asked) -> str:
        shown = [each.content["data"] for each in asked.caused if each.msg_type == "execute_result"]
        return "" if shown == [{"text/plain": str(value)}] else f"the results are {shown}"

    return Recipe("result", cook.pieces(3) + f"{value - 1} + 1\n", output=cook.output, check=check)


def error(cook: Cook, dice: random.Random) -> Recipe:
    code = cook.pieces(4) + f"raise ValueError({cook.output.tag!r})\n"
    return Recipe("error", code, ("error ValueError",), cook.output, _stops(dice), _one_error)


def syntax_error(cook: Cook, dice: random.Random) -> Recipe:
    return Recipe("syntax error", "if:", ("error SyntaxError",), None, _stops(dice), _one_error)


def silent(cook: Cook, dice: random.Random) -> Recipe:
    return Recipe("silent", cook.pieces(3), output=cook.output, content={"silent": True})


def unstored(cook: Cook, dice: random.Random) -> Recipe:
    return Recipe("unstored", cook.pieces(3), output=cook.output, content={"store_history": False})


def large(cook: Cook, dice: random.Random) -> Recipe:
    output = cook.output
    output.width = dice.choice([200, 3000, 60_000])
    count = output.own["m"] = 1_500_000 // output.width // dice.choice([1, 4])
    line = f"f'{output.tag}.m {{i}} ' + 'x' * {output.width}"
    code = f"print(chr(10).join({line} for i in range({count})))\n"
    return Recipe("large output", code, output=output)


def many(cook: Cook, dice: random.Random) -> Recipe:
    cook.output.own["m"] = count = dice.choice([500, 3000])
    code = f"for i in range({count}): print(f'{cook.output.tag}.m {{i}}')\n"
    return Recipe("many lines", code, output=cook.output)


def waiting(cook: Cook, dice: random.Random) -> Recipe:
    code = cook.pieces(4) + cook.gate() + cook._print(3)
    return Recipe("waits", code, output=cook.output, waits=cook._gate)


def large_display(cook: Cook, dice: random.Random) -> Recipe:
    size = dice.choice([10_000, 300_000, 2_000_000])
    cook.output.own["m"] = 1
    data = f"{{'text/plain': '{cook.output.line('m', 0)}', 'text/html': 'y' * {size}}}"

    def check(asked: Asked) -> str:
        shown = [each.content["data"] for each in asked.caused if each.msg_type == "display_data"]
        return "" if [len(each["text/html"]) for each in shown] == [size] else "not what was shown"

    code = f"display({data}, raw=True)\n"
    return Recipe("large display", code, output=cook.output, check=check)


def children(cook: Cook, dice: random.Random) -> Recipe:
    cook.output.stray["k"] = count = dice.randrange(1, 10)
    script = _CHILD.format(start=0, stop=count, tag=cook.output.tag, source="k")
    code = cook.pieces(3) + f"_ = subprocess.Popen(['sh', '-c', {'sleep 0.02; ' + script!r}])\n"
    return Recipe("child left behind", code, output=cook.output)


def threads(cook: Cook, dice: random.Random) -> Recipe:
    count, joined = dice.randrange(1, 60), dice.random() < 0.5
    tag, names = cook.output.tag, [f"t{n}" for n in range(dice.randrange(1, 4))]
    for name in names:
        (cook.output.own if joined else cook.output.late)[name] = count
    # cells of subshells share the variables: two that run side by side must not share names
    soaked, started = f"soaked_{tag}", f"threads_{tag}"
    code = cook.pieces(3) + (
        # in one piece: of a line that is begun and not ended in a tenth of a second, what there is
        # is shown, and a thread that gets no processor may need longer between the two
        f"def {soaked}(name):\n"
        f"    for i in range({count}): sys.stdout.write(f'{tag}.{{name}} {{i}}\\n')\n"
        f"{started} = [threading.Thread(target={soaked}, args=(name,)) for name in {names}]\n"
        f"for thread_{tag} in {started}: thread_{tag}.start()\n"
    )
    if joined:
        code += f"for thread_{tag} in {started}: thread_{tag}.join()\n"
    code += f"del {soaked}, {started}, thread_{tag}\n"
    return Recipe("threads", code, output=cook.output)


def tasks(cook: Cook, dice: random.Random) -> Recipe:
    count, awaited = dice.randrange(1, 30), dice.random() < 0.5
    (cook.output.own if awaited else cook.output.late)["a"] = count
    tag = cook.output.tag
    soaked, task = f"soaked_{tag}", f"task_{tag}"
    code = (
        f"import asyncio\nasync def {soaked}():\n"
        f"    for i in range({count}):\n        print(f'{tag}.a {{i}}')\n"
        f"        await asyncio.sleep(0.001)\n{task} = asyncio.create_task({soaked}())\n"
        f"{task}.add_done_callback(lambda done: globals().pop('{task}', None)); del {soaked}\n"
    )
    # the task of a cell that awaits nothing runs between the cells
    end = f"await {task}\n" if awaited else "await asyncio.sleep(0)\n"
    return Recipe("tasks", code + end, output=cook.output)


def expressions(cook: Cook, dice: random.Random) -> Recipe:
    value = dice.randrange(1000)

    def check(asked: Asked) -> str:
        got = asked.replies[0].content["user_expressions"]
        right = got["a"]["data"] == {"text/plain": str(value)} and got["b"]["status"] == "error"
        return "" if right else f"the user expressions are {got}"

    content = {"user_expressions": {"a": f"{value}", "b": "1/0"}}
    return Recipe("user expressions", cook.pieces(3), ("ok",), cook.output, content, check)


def asking(cook: Cook, dice: random.Random) -> Recipe:
    plan = dice.choice(
        ["answer", "answer after others", "answer twice", "interrupt", "kill", "ignore", "refuse"]
    )
    word = f"word {dice.randrange(1000)}"

    def check(asked: Asked) -> str:
        shown = [each.content["data"] for each in asked.caused if each.msg_type == "execute_result"]
        return "" if shown == [{"text/plain": repr(word)}] else f"the answer is {shown}"

    code = cook.pieces(3) + f"input({word!r})\n"
    if plan == "refuse":
        return Recipe("refused input", code, ("error StdinNotImplementedError",), cook.output)
    return Recipe(
        "input", code, ("ok",), cook.output, {"allow_stdin": True}, check, plan=f"{plan}:{word}"
    )


_CRASHES = [
    "import ctypes; ctypes.string_at(0)\n",
    "os.abort()\n",
    "os._exit(3)\n",
    "os.kill(os.getpid(), 9)\n",
]


def crash(cook: Cook, dice: random.Random) -> Recipe:
    code = cook.pieces(5) + dice.choice(_CRASHES)
    return Recipe("crash", code, ("error EvaluatorDied",), cook.output, crashes=True)


def comm_target(cook: Cook, dice: random.Random) -> Recipe:
    return Recipe("comm target", _TARGET)


def _stops(dice: random.Random) -> dict[str, Any]:
    return {"stop_on_error": dice.random() < 0.5}


def _one_error(asked: Asked) -> str:
    errors = [each.content for each in asked.caused if each.msg_type == "error"]
    keys = ("ename", "evalue", "traceback")
    content = asked.replies[0].content
    right = errors == [{key: content[key] for key in keys}]
    return "" if right else f"the errors are {errors}"


def echoed(dice: random.Random) -> Recipe:
    """Make a cell for echo."""
    text = f"soaked {dice.randrange(10**6)}" * dice.choice([1, 1, 1, 10_000])

    def check(asked: Asked) -> str:
        shown = [each.content["data"] for each in asked.caused if each.msg_type == "execute_result"]
        return "" if shown == [{"text/plain": text}] else "another result"

    return Recipe("echo", text, check=check)


def calculated(dice: random.Random) -> Recipe:
    """Make a cell for calc."""
    if dice.random() < 0.2:
        return Recipe(
            "division by zero", "1/0", ("error MathError",), None, _stops(dice), _one_error
        )
    a, b = dice.randrange(10**9), dice.randrange(10**9)

    def check(asked: Asked) -> str:
        shown = [each.content["data"] for each in asked.caused if each.msg_type == "execute_result"]
        right = len(shown) == 1 and shown[0]["text/plain"] == str(a * b)
        return "" if right else f"{a} * {b} is {shown}"

    return Recipe("product", f"{a} * {b}", check=check)


ANYWHERE = {
    lines: 6,
    error: 2,
    silent: 1,
    unstored: 1,
    large: 1,
    many: 1,
    waiting: 3,
    crash: 0.5,
}
IN_PYTHON = {
    **ANYWHERE,
    result: 4,
    syntax_error: 1,
    large_display: 1,
    children: 1,
    threads: 2,
    tasks: 2,
    expressions: 1,
    asking: 2,
}
