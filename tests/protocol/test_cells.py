"""What a cell causes, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.kernels import Kernel

SHOW = "print('text'); display('shown'); answer['result'] = {'data': {'text/plain': '42'}}"


@pytest.mark.parametrize("transport", ["tcp", "ipc"])
def test_a_cell_is_busy_then_shows_what_it_made_then_idle(
    kernel: Callable[..., Kernel], transport: str
) -> None:
    outcome = kernel(transport=transport).execute(SHOW)
    assert outcome.sequence == [
        "busy",
        "execute_input",
        "stream",
        "display_data",
        "execute_result",
        "idle",
    ]
    assert outcome.text() == "text\n"
    assert outcome.result == "42"
    assert outcome.reply == {
        "status": "ok",
        "execution_count": 1,
        "user_expressions": {},
        "payload": [],
    }
