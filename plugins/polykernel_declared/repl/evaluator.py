"""Runs cells in a REPL that a declaration describes."""

from __future__ import annotations

import os
import re

from polykernel.evaluator import CellError, Completions, Evaluator, InputRefused
from polykernel_declared.repl import errors
from polykernel_declared.repl.completeness import Completeness
from polykernel_declared.repl.program import ASKS, PROMPTS, Gone, NotReady, Program
from polykernel_declared.repl.settings import Settings, split_lines
from polykernel_declared.repl.shown import Shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from polykernel.evaluator import Cell

_ATTEMPTS = 3  # to bring the program back to its prompt


class Repl(Evaluator):
    """One REPL. State: its program, which a cell may have ended.

    The program is started before the first cell, and again for the cell after its end.
    """

    options: Any

    def __init__(self) -> None:
        self._program: Program | None = None
        self._running = False
        self._pressed = 0  # how often the user has interrupted the running cell
        self._lost = ""

    def start(self) -> None:
        """Start the program; where that fails, the first cell tries again, and says why."""
        self.token = f"T{os.urandom(6).hex()}T"
        os.makedirs(self.temporary, mode=0o700, exist_ok=True)
        self._shown = Shown(os.path.join(self.temporary, "shown"))
        self._settings = Settings(self.options, self.token, self._shown.folder)
        self._completeness = Completeness(self._settings)
        # the program knows its language better than brackets and quotes do
        self._tells_itself = bool(self._settings.text("continuation"))
        try:
            self._begin()
        except CellError:
            pass  # the cell that comes first will tell, as an error of its own

    def _begin(self) -> Program:
        program = Program(self._settings, self.token, self.temporary)
        self._program = program
        self._running = True
        try:
            program.start()
        except NotReady as error:
            self._end()
            raise CellError(str(error), ename="NotReady") from None
        except BaseException:
            self._end()
            raise
        finally:
            self._running = False
        self.language_version = program.version()
        return program

    def _end(self) -> None:
        program, self._program = self._program, None
        if program is not None:
            program.terminal.close()

    def interrupt(self) -> None:
        """Press ^C; the third time in one cell, end the program."""
        program = self._program
        if program is None or not self._running:
            raise KeyboardInterrupt
        self._pressed += 1
        if self._pressed < _ATTEMPTS:
            program.interrupts += 1
        else:
            program.terminal.kill()
        program.terminal.wake()

    def execute(self, code: str, cell: Cell) -> object:
        """Send the code line by line.

        Raises:
            CellError: The program tells an error, or the code is not complete.
            KeyboardInterrupt: The user interrupted.
        """
        errors.refuse_keys(code)
        if not self._tells_itself and self._completeness.of(code) == "incomplete":
            raise errors.incomplete(code)
        self._pressed = 0
        program = self._present(cell)
        result = ""
        self._running = True
        try:
            for line in self._settings.texts("before"):
                self._quietly(program, line)
            result = self._run(program, code, cell)
        except Gone as gone:
            self._end()
            self._lost = str(gone)
            raise CellError(
                f"{gone}; the next cell runs in a fresh one", ename=gone.ename
            ) from None
        finally:
            self._running = False
            program.forget_interrupts()
            self._shown.show(cell)
        return result or None

    def _present(self, cell: Cell) -> Program:
        if self._program is not None and self._program.ended():
            self._lost = f"{self._program.name} has ended"
            self._end()
        if self._program is not None:
            return self._program
        program = self._begin()
        if self._lost:
            lost, self._lost = self._lost, ""
            cell.write(
                f"{lost}: this is a fresh one, and what earlier cells have defined is gone\n",
                "stderr",
            )
        return program

    def _run(self, program: Program, code: str, cell: Cell) -> str:
        program.sifted(cell.write)
        result = ""
        try:
            statement: list[str] = []
            comments = self._completeness.comment_lines(code)
            for number, line in enumerate(self._lines(code)):
                if not statement and (number in comments or not line.strip()):
                    continue
                if result:
                    cell.write(result)
                statement.append(line)
                result = ""
                if self._say(program, line, statement, cell):
                    statement = []
                    result = self._finish(program)
            if statement and self._end_block(program, statement, cell):
                statement = []
                result = self._finish(program)
            if statement:
                self._cancel(program)
                raise errors.incomplete(code)
        finally:
            self._afterwards(program)
        return self._value(result)

    def _lines(self, code: str) -> list[str]:
        if self._settings.text("prompt"):
            return split_lines(code)
        # where a program reads on behind a statement, it is elsewhere in it than at its prompt
        return self._completeness.lines(code)

    def _say(self, program: Program, line: str, statement: list[str], cell: Cell) -> bool:
        """Send one line; answer what it asks. Whether the statement is over."""
        state = program.say(line)
        while True:
            if program.interrupts:
                self._come_back(program, state, pressed=True)
                program.sieve.end_line()
                program.sieve.end()
                for late in self._settings.texts("recover"):
                    self._quietly(program, late)
                raise KeyboardInterrupt
            if state != ASKS:
                return state == PROMPTS
            if self._goes_on("\n".join(statement)):
                return False
            if not self._settings.number("input"):
                return False
            state = self._ask(program, cell)

    def _goes_on(self, statement: str) -> bool:
        """Whether a program that waits without a prompt waits for the rest of a statement."""
        if self._tells_itself:
            return self._completeness.wants_more(statement)
        return self._completeness.of(statement) == "incomplete"

    def _end_block(self, program: Program, statement: list[str], cell: Cell) -> bool:
        """Send what ends a statement that waits for more. Whether it is over."""
        return any(
            self._say(program, line, statement, cell) for line in self._settings.texts("end")
        )

    def _ask(self, program: Program, cell: Cell) -> str:
        try:
            answer = cell.input(program.sieve.question())
        except InputRefused as error:
            self._cancel(program)
            program.sieve.end()
            raise CellError(str(error), ename="InputRefused") from None
        except KeyboardInterrupt:
            self._cancel(program)
            raise
        return program.answer(answer)

    def _cancel(self, program: Program) -> None:
        """Bring the program, which waits for something, back to its prompt."""
        program.sieve.question()
        write, program.sieve.write = program.sieve.write, _ignore
        try:
            lines = self._settings.texts("cancel")
            state = program.press() if not lines else ""
            for line in lines:
                if state != PROMPTS:
                    state = program.answer(line)
            self._come_back(program, state, pressed=not lines)
            program.sieve.end_line()
            program.sieve.end()
        finally:
            program.sieve.write = write

    def _come_back(self, program: Program, state: str, pressed: bool = False) -> None:
        """Leave what the program waits for.

        Args:
            program: The program.
            state: What it does now.
            pressed: Whether ^C has brought it there: it may ask then what to do.

        Raises:
            Gone: It does not come back to its prompt, and was ended.
        """
        lines = self._settings.texts("interrupted")
        for _ in range(_ATTEMPTS):
            if not pressed and state != PROMPTS:
                program.sieve.question()
                state = program.press()
            for line in lines:
                if state != PROMPTS:
                    program.sieve.question()
                    state = program.say(line)
            pressed = False
        if state != PROMPTS:
            raise Gone("Stuck", f"{program.name} did not come back to its prompt, and was ended")

    def _finish(self, program: Program) -> str:
        program.sieve.end_line()
        error, result = program.sieve.end()
        if error:
            raise errors.of_output(error, self._settings.text("error"))
        return result

    def _value(self, result: str) -> str:
        pattern = self._settings.text("result")
        found = re.match(pattern, result.rstrip(), re.MULTILINE) if pattern and result else None
        if found is None:
            return ""
        # the value goes on to the end: it may have several lines
        return result[found.start("value" if "value" in found.groupdict() else 0) :].rstrip()

    def _afterwards(self, program: Program) -> None:
        if self._program is not program or program.ended():
            return
        for line in self._settings.texts("after"):
            self._quietly(program, line)

    def _quietly(self, program: Program, line: str) -> str:
        """Run a line of ours; give what it prints, nothing where that is but an error."""
        printed: list[str] = []
        program.sifted(printed.append)
        state = program.say(line)
        if state != PROMPTS:
            self._come_back(program, state)
        program.sieve.end_line()
        error, result = program.sieve.end()
        shown = "".join(printed)
        # what looks like an error in the midst of help is a part of it
        return shown + error + result if shown.strip() or not error else ""

    # questions

    def is_complete(self, code: str) -> str:
        """Judge by brackets, quotes and patterns."""
        return self._completeness.of(code)

    def complete(self, code: str, cursor_pos: int) -> Completions | None:
        """Ask the program, where the declaration says how."""
        if not self._settings.text("completion"):
            return None
        word = self._word_before(code[:cursor_pos])
        if not word:
            return None
        printed = self._asked("completion", word)
        matches = re.findall(self._settings.text("completion_match"), printed, re.MULTILINE)
        return Completions(_beginning(word, matches), cursor_pos - len(word), cursor_pos)

    def inspect(self, code: str, cursor_pos: int, detail_level: int = 0) -> object | None:
        """Ask the program for its help, where the declaration says how."""
        if not self._settings.text("help"):
            return None
        before = self._word_before(code[:cursor_pos])
        after = re.match(f"(?:{self._settings.text('word')})?", code[cursor_pos:])
        word = before + (after.group() if after else "")
        return self._asked("help", word).strip() or None if word else None

    def _word_before(self, code: str) -> str:
        found = re.search(f"(?:{self._settings.text('word')})\\Z", code)
        return found.group() if found else ""

    def _asked(self, name: str, word: str) -> str:
        program = self._program
        if program is None or program.ended():
            return ""
        self._running = True
        try:
            return self._quietly(program, self._settings.text(name, word=word))
        except Gone as gone:
            self._end()
            self._lost = str(gone)
            return ""
        finally:
            self._running = False
            program.forget_interrupts()

    def shutdown(self, restart: bool) -> None:
        """End the program."""
        program, self._program = self._program, None
        if program is not None:
            program.quit()


def _beginning(word: str, matches: list[str]) -> list[str]:
    """Keep what begins with a word; where nothing does, what does so in another case."""
    kept = {each for each in matches if each.startswith(word)}
    folded = word.casefold()
    return sorted(kept or {each for each in matches if each.casefold().startswith(folded)})


def _ignore(text: str) -> None:
    pass
