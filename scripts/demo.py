"""Runs the notebooks of examples/ through a real Jupyter client, and shows each cell as it comes.

What an example's cell asks with ``input`` is answered from its metadata
(``{"polykernel": {"answers": [...]}}``); a cell tagged ``raises-exception`` is expected to fail.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from jupyter_client.blocking.client import BlockingKernelClient

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
ORDER = ("echo", "calc", "python")
SECONDS = 120  # that one cell may take
COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(code: str, text: str) -> str:
    """Colour a text, in a terminal."""
    return f"\x1b[{code}m{text}\x1b[0m" if COLOUR else text


def show_code(number: int, code: str) -> None:
    """Show a cell's code beside its prompt."""
    prompt = f"In [{number}]: "
    first, *rest = code.splitlines() or [""]
    print(paint("32", prompt) + first)
    for line in rest:
        print(" " * len(prompt) + line)


class Outputs:
    """Shows what a cell publishes, as it comes; remembers whether it failed."""

    def __init__(self, client: BlockingKernelClient, answers: list[str]) -> None:
        self.failed = False
        self._client = client
        self._answers = answers

    def take(self, message: dict[str, Any]) -> None:
        """Take one IOPub message."""
        content = message["content"]
        kind = message["msg_type"]
        if kind == "stream":
            text = content["text"]
            sys.stdout.write(paint("33", text) if content["name"] == "stderr" else text)
        elif kind == "execute_result":
            self._bundle(paint("31", f"Out[{content['execution_count']}]: "), content["data"])
        elif kind in ("display_data", "update_display_data"):
            self._bundle("", content["data"])
        elif kind == "error":
            self.failed = True
            print("\n".join(content["traceback"]))
        sys.stdout.flush()

    def _bundle(self, prompt: str, data: dict[str, Any]) -> None:
        others = [mimetype for mimetype in data if mimetype != "text/plain"]
        text = data.get("text/plain", "")
        lines = "\n" + text if "\n" in text else text
        also = paint("2", f"   (also {', '.join(others)})") if others else ""
        print(f"{prompt}{lines}{also}")

    def ask(self, message: dict[str, Any]) -> None:
        """Answer an input request from the cell's metadata."""
        answer = self._answers.pop(0) if self._answers else ""
        shown = "*" * len(answer) if message["content"]["password"] else answer
        print(message["content"]["prompt"] + paint("36", shown))
        self._client.input(answer)


def run_cell(client: BlockingKernelClient, number: int, cell: Any) -> str:
    """Run one cell; say what is wrong with how it ended, or nothing."""
    show_code(number, cell.source)
    outputs = Outputs(client, list(cell.metadata.get("polykernel", {}).get("answers", [])))
    reply = client.execute_interactive(
        cell.source,
        allow_stdin=True,
        stop_on_error=False,
        timeout=SECONDS,
        output_hook=outputs.take,
        stdin_hook=outputs.ask,
    )
    print()
    expected = "raises-exception" in cell.metadata.get("tags", [])
    failed = reply["content"]["status"] != "ok"
    if failed != expected:
        return "an error that was not expected" if failed else "no error where one was expected"
    return ""


def run_notebook(path: Path) -> tuple[int, list[str]]:
    """Run a notebook in its kernel; count its cells and list its troubles."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    manager = KernelManager(kernel_name=notebook.metadata.kernelspec.name)
    manager.start_kernel(cwd=str(path.parent))
    client = manager.blocking_client()
    client.start_channels()
    troubles = []
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    try:
        client.wait_for_ready(timeout=60)
        for number, cell in enumerate(cells, start=1):
            print(paint("2", f"--- {path.name}: cell {number} of {len(cells)}"))
            trouble = run_cell(client, number, cell)
            if trouble:
                troubles.append(f"{path.name}, cell {number}: {trouble}")
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    return len(cells), troubles


def main() -> int:
    """Run all examples; 1 where one did not end as expected."""
    begin = time.monotonic()
    total, troubles = 0, []
    for name in ORDER:
        path = EXAMPLES / f"{name}.ipynb"
        print(paint("1", f"\n===== {path.name} ====="))
        count, wrong = run_notebook(path)
        total += count
        troubles += wrong
    print(f"{total} cells in {len(ORDER)} notebooks, {time.monotonic() - begin:.1f} seconds.")
    for trouble in troubles:
        print(paint("31", trouble), file=sys.stderr)
    if not troubles:
        print("To open JupyterLab with these languages in its launcher:  make lab")
    return 1 if troubles else 0


if __name__ == "__main__":
    sys.exit(main())
