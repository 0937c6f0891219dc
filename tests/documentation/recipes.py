"""Which recipes docs/recipes/ has, how their cells are run, and what is shown of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from documentation import blocks, transcripts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from support.client import Client, Outcome
    from support.kernels import Kernel

    Recipe = Callable[..., Kernel]

#: Recipes whose cells need nobody but the user who runs them, and the language that runs them.
ALONE = {
    "rich-display": "recipe",
    "tables": "recipe",
    "plots": "recipe",
    "progress": "recipe",
    "errors": "recipe",
    "completion": "recipe",
    "buffers": "recipe",
    "options": "round-2",
    "background": "recipe",
    "shutdown": "recipe",
}
#: Recipes where the test must do something meanwhile.
WITH_HELP = {"input", "interrupts", "subshells"}
#: What they show of cells is told by the front end's programs.
BY_FRONT_ENDS = {"comms"}
#: Recipes for which more than Python must be installed.
NEED_PACKAGES = {"plots"}

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def shown(name: str) -> list[transcripts.Shown]:
    """Give the cells that a page shows."""
    page = blocks.of(blocks.RECIPES / f"{name}.md")
    return [cell for block in page if block.is_transcript for cell in transcripts.read(block.text)]


def play(
    client: Client,
    name: str,
    *,
    answers: Mapping[str, list[str]] = {},
    meanwhile: Mapping[str, Callable[[], object]] = {},
) -> None:
    """Run the cells of a page, and compare what comes with what it shows.

    Args:
        client: The front end.
        name: The page.
        answers: To the input requests of cells, by their code.
        meanwhile: What to do while a cell runs, by its code.
    """
    cells = shown(name)
    assert cells
    for cell in cells:
        msg_id = client.send_execute(cell.code, allow_stdin=cell.code in answers)
        if cell.code in meanwhile:
            meanwhile[cell.code]()
        came = transcripts.write(client, msg_id, cell.code, list(answers.get(cell.code, ())))
        assert came == cell.text


def interrupt(kernel: Kernel) -> None:
    kernel.wait_until_it_computes()
    kernel.client.send("interrupt_request", channel="control")


def data(outcome: Outcome, msg_type: str = "execute_result") -> dict[str, Any]:
    """Give the forms of the one thing that was shown."""
    (content,) = outcome.contents(msg_type)
    found: dict[str, Any] = content["data"]
    return found
