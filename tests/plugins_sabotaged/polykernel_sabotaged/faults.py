"""The faults, each a class; its docstring is the check that must find it, and nothing else."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from polykernel.evaluator import Completions, InputRefused
from polykernel_sabotaged.sound import HELP, WORDS, Sound

# the author's class


class MisspeltMethod(Sound):
    """author.names"""

    is_complete = Sound.__mro__[1].is_complete

    def is_completed(self, code):
        return "complete"


class MethodOfIpykernel(Sound):
    """author.names"""

    def do_shutdown(self, restart):
        pass


class MisspeltInCamelCase(Sound):
    """author.names"""

    def openComm(self, comm, message):  # noqa: N802
        return False


class TooFewParameters(Sound):
    """author.signatures"""

    def shutdown(self):
        pass


class OneParameterTooMany(Sound):
    """author.signatures"""

    def open_comm(self, comm, message, buffers):
        return False


class CoroutineThatMayNotBe(Sound):
    """author.signatures"""

    async def open_comm(self, comm, message):
        return False


class UndeclaredSubshells(Sound):
    """author.attributes"""

    subshells = True


class VersionThatIsANumber(Sound):
    """author.attributes"""

    implementation = 1.0


# its start


class StartRaises(Sound):
    """life.start"""

    def start(self):
        raise RuntimeError("no licence")


class StartHangs(Sound):
    """life.start"""

    def start(self):
        time.sleep(1000000)


class StartDies(Sound):
    """life.start"""

    def start(self):
        os._exit(1)


# cells


class LineEndInTheResult(Sound):
    """cells.value"""

    def value(self, text, cell):
        return text + "\n"


class FirstLineOnly(Sound):
    """cells.multiline"""

    def lines(self, code):
        return super().lines(code)[:1]


class Forgetful(Sound):
    """cells.state"""

    def execute(self, code, cell):
        try:
            return super().execute(code, cell)
        finally:
            if "\n" not in code:
                self.number = ""


class PromptInTheOutput(Sound):
    """cells.prints"""

    def on_print(self, text, cell):
        cell.write("> " + text + "\n")


class OneStreamForBoth(Sound):
    """cells.prints_stderr"""

    def on_warn(self, text, cell):
        cell.write(text + "\n")


class PlainTextOnly(Sound):
    """cells.display"""

    def on_rich(self, text, cell):
        cell.display("rich")


class ErrorsThatAreBugs(Sound):
    """cells.error"""

    def fail(self, message):
        raise RuntimeError(message)


class ErrorsThatArePrinted(Sound):
    """cells.error"""

    def line(self, line, cell):
        if line == "fail":
            cell.write("Error: fail\n", "stderr")
            return None
        return super().line(line, cell)


class ErrorsWithoutAKind(Sound):
    """cells.error"""

    def execute(self, code, cell):
        from polykernel.evaluator import CellError

        try:
            return super().execute(code, cell)
        except CellError as error:
            error.ename = ""
            raise


class ErrorsThatNobodySees(Sound):
    """cells.error"""

    def execute(self, code, cell):
        from polykernel.evaluator import CellError

        try:
            return super().execute(code, cell)
        except CellError as error:
            error.traceback = []
            raise


class StuckAfterAnError(Sound):
    """cells.error"""

    stuck = False

    def execute(self, code, cell):
        stuck, self.stuck = self.stuck, code == "fail"
        return self.fail("still at the last error") if stuck else super().execute(code, cell)


class QuotedExpressions(Sound):
    """cells.expressions"""

    def evaluate(self, expression):
        return repr(super().evaluate(expression))


class ExpressionsThatNeverFail(Sound):
    """cells.expressions"""

    def evaluate(self, expression):
        return expression[2:]


class AnswersTheCellBefore(Sound):
    """cells.many"""

    cells = 0

    def value(self, text, cell):
        self.cells += 1
        return "busy" if self.cells == 150 else text


class SecondsForEachCell(Sound):
    """cells.many"""

    cells = 0

    def value(self, text, cell):
        self.cells += 1
        if self.cells > 100:
            time.sleep(1000000)
        return text


# code of all kinds


class DiesOfNothing(Sound):
    """text.empty"""

    def execute(self, code, cell):
        return super().execute(code, cell) if code else os._exit(1)


class RaisesForNothing(Sound):
    """text.empty"""

    def execute(self, code, cell):
        return super().execute(code, cell) if code[0] else None


class RaisesForBlanks(Sound):
    """text.blank"""

    def execute(self, code, cell):
        return super().execute(code, cell) if not code or code.split()[0] else None


class AsciiOnly(Sound):
    """text.unicode"""

    def on_print(self, text, cell):
        super().on_print(text.encode("ascii", "replace").decode(), cell)


class Utf16InTwo(Sound):
    """text.unicode"""

    def on_print(self, text, cell):
        super().on_print("".join(map(_halves, text)), cell)


class LineFeedsOnly(Sound):
    """text.crlf"""

    def lines(self, code):
        return [line for line in code.split("\n") if line.strip()]


class DiesOfMuch(Sound):
    """text.huge"""

    def execute(self, code, cell):
        return os._exit(1) if len(code) > 1000000 else super().execute(code, cell)


class StuckAfterMuch(Sound):
    """text.huge"""

    stuck = False

    def execute(self, code, cell):
        self.stuck = self.stuck or len(code) > 1000000
        return self.fail("the buffer is full") if self.stuck else super().execute(code, cell)


# output


class PrintsLate(Sound):
    """output.as_it_comes"""

    def on_slow(self, text, cell):
        time.sleep(0.6)
        cell.write("first\nsecond\n")


class PrintsLateInTwo(Sound):
    """output.as_it_comes"""

    def on_slow(self, text, cell):
        time.sleep(0.6)
        cell.write("first\n")
        time.sleep(0.05)
        cell.write("second\n")


class PrintsHalf(Sound):
    """output.as_it_comes"""

    def on_slow(self, text, cell):
        cell.write("first\n")


# questions


class CompletesNothing(Sound):
    """questions.completion"""

    def complete(self, code, cursor_pos):
        return None


class CompletesByUtf16(Sound):
    """questions.completion_code_points"""

    def complete(self, code, cursor_pos):
        units = code.encode("utf-16-le")[: 2 * cursor_pos].decode("utf-16-le", "replace")
        return super().complete(units, len(units))


class AnswersInUtf16(Sound):
    """questions.completion_code_points"""

    def complete(self, code, cursor_pos):
        found = super().complete(code, cursor_pos)
        if not found.matches:
            return None
        more = sum(each > "\uffff" for each in code[: found.start])
        return Completions(found.matches, found.start + more, found.end + more)


class CompletesPastTheEnd(Sound):
    """questions.completion_anywhere"""

    def complete(self, code, cursor_pos):
        if not cursor_pos:
            return Completions(WORDS, 0, len(code) + 1)
        return super().complete(code, cursor_pos)


class NoWordToComplete(Sound):
    """questions.completion_anywhere"""

    def complete(self, code, cursor_pos):
        if code[:cursor_pos].split()[-1] == "":
            return None
        return super().complete(code, cursor_pos)


class NoHelp(Sound):
    """questions.inspection"""

    def inspect(self, code, cursor_pos, detail_level=0):
        return None


class HelpByUtf8(Sound):
    """questions.inspection_code_points"""

    def inspect(self, code, cursor_pos, detail_level=0):
        before = code.encode()[:cursor_pos].decode("utf-8", "replace")
        return HELP.get(self.word(before, len(before))[0])


class NoWordToExplain(Sound):
    """questions.inspection_anywhere"""

    def inspect(self, code, cursor_pos, detail_level=0):
        if code[:cursor_pos].split()[-1] == "":
            return None
        return super().inspect(code, cursor_pos)


class NeverComplete(Sound):
    """questions.complete"""

    def is_complete(self, code):
        answer = super().is_complete(code)
        return "incomplete" if answer == "complete" else answer


class AlwaysComplete(Sound):
    """questions.incomplete"""

    def is_complete(self, code):
        answer = super().is_complete(code)
        return answer if answer == "invalid" else "complete"


class NothingIsInvalid(Sound):
    """questions.invalid"""

    def is_complete(self, code):
        answer = super().is_complete(code)
        return "unknown" if answer == "invalid" else answer


class DiesOfAQuestion(Sound):
    """questions.completeness_of_anything"""

    def is_complete(self, code):
        return os._exit(1) if "\0" in code else super().is_complete(code)


class RaisesForAQuestion(Sound):
    """questions.completeness_of_anything"""

    def is_complete(self, code):
        return "unknown" if code[0] == "\t" else super().is_complete(code)


# input


class ReadsItsOwnStandardInput(Sound):
    """asking.answered"""

    def on_ask(self, text, cell):
        if cell.allow_stdin and cell.input("line? ") != "":
            cell.write(sys.stdin.readline())


class AsciiInputOnly(Sound):
    """asking.answered"""

    def on_ask(self, text, cell):
        if cell.allow_stdin:
            line = cell.input("line? ")
            return cell.write(line.encode("ascii", "replace").decode() + "\n")
        return super().on_ask(text, cell)


class TooManyQuestions(Sound):
    """asking.answered"""

    def on_ask(self, text, cell):
        super().on_ask(text, cell)
        super().on_ask(text, cell)


class AsksForEver(Sound):
    """asking.refused"""

    def on_ask(self, text, cell):
        if not cell.allow_stdin:
            while True:
                try:
                    cell.input("line? ")
                except InputRefused:
                    time.sleep(0.1)
        super().on_ask(text, cell)


class DiesWithoutInput(Sound):
    """asking.refused"""

    def on_ask(self, text, cell):
        return super().on_ask(text, cell) if cell.allow_stdin else os._exit(1)


class SwallowsTheInterruptOfInput(Sound):
    """asking.interrupted"""

    def on_ask(self, text, cell):
        try:
            super().on_ask(text, cell)
        except KeyboardInterrupt:
            cell.write("never mind\n")


# interrupts


class SwallowsInterrupts(Sound):
    """interrupting.busy_loop"""

    def on_loop(self, text, cell):
        while True:
            try:
                super().on_loop(text, cell)
            except KeyboardInterrupt:
                pass


class InterruptedLoopIsAllRight(Sound):
    """interrupting.busy_loop"""

    def on_loop(self, text, cell):
        try:
            super().on_loop(text, cell)
        except KeyboardInterrupt:
            cell.write("stopped\n")


class DiesOfAnInterrupt(Sound):
    """interrupting.busy_loop"""

    def on_loop(self, text, cell):
        try:
            super().on_loop(text, cell)
        except KeyboardInterrupt:
            os._exit(130)


class ForgetsWhenInterrupted(Sound):
    """interrupting.busy_loop"""

    def on_loop(self, text, cell):
        try:
            super().on_loop(text, cell)
        finally:
            self.number = ""


class SleepsOn(Sound):
    """interrupting.waiting"""

    def on_wait(self, text, cell):
        while True:
            try:
                super().on_wait(text, cell)
            except KeyboardInterrupt:
                pass


# ends


class SurvivesItsCrash(Sound):
    """endings.crash"""

    def on_crash(self, text, cell):
        cell.write("not now\n")


class LeavesALock(Sound):
    """endings.crash"""

    def on_crash(self, text, cell):
        Path("lock").touch()
        super().on_crash(text, cell)

    def start(self):
        if Path("lock").exists():
            raise RuntimeError("another one is running")


class RemembersForEver(Sound):
    """endings.restart"""

    def on_set(self, text, cell):
        super().on_set(text, cell)
        Path("state").write_text(text)

    def start(self):
        if Path("state").exists():
            self.number = Path("state").read_text()


class LeavesAProcess(Sound):
    """endings.shutdown"""

    def shutdown(self, restart):
        """End in good order, and leave what is in no session and has no environment of ours."""
        if restart:
            return
        reader, writer = os.pipe()  # is closed by the exec: until then it could be found
        child = os.fork()
        if child == 0:
            os.setsid()
            if os.fork() == 0:
                os.execve("/bin/sleep", ["sleep", "1000"], {})
            os._exit(0)
        os.close(writer)
        os.read(reader, 1)
        os.waitpid(child, 0)


def _halves(character):
    pair = character.encode("utf-16-le")
    return "".join(
        pair[at : at + 2].decode("utf-16-le", "replace") for at in range(0, len(pair), 2)
    )


FAULTS = {
    name: made
    for name, made in list(vars().items())
    if isinstance(made, type) and issubclass(made, Sound) and made is not Sound
}
