"""Files in the notebook's folder that are called like modules of the standard library."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.manager import start_new_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 60  # seconds


@contextlib.contextmanager
def beside(folder: Path, name: str, text: str) -> Iterator[Any]:
    """Give a client of a kernel in a folder that has a module of that name."""
    (folder / f"{name}.py").write_text(text)
    manager, client = start_new_kernel(kernel_name="polykernel-python", cwd=str(folder))
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


@pytest.mark.parametrize("name", ["token", "typing", "traceback", "ast", "asyncio", "linecache"])
def test_a_file_called_like_a_module_that_we_import_late_spoils_nothing(
    name: str, tmp_path: Path
) -> None:
    with beside(tmp_path, name, "x = 1\n") as client:
        found = client.complete("pri", 3, reply=True, timeout=PATIENCE)["content"]
        assert "print" in found["matches"]
        for code, ename in (
            ("1/0", "ZeroDivisionError"),
            ("1+", "SyntaxError"),
            ("async def f(): return 1\nawait f()", None),
            ("2", None),
        ):
            reply = client.execute(code, reply=True, timeout=PATIENCE)["content"]
            assert reply.get("ename") == ename, code


@pytest.mark.parametrize("name", ["comm", "pdb", "matplotlib", "getpass", "pydoc", "linecache"])
def test_a_file_called_like_a_module_that_is_fitted_to_notebooks_can_be_imported(
    name: str, tmp_path: Path
) -> None:
    with beside(tmp_path, name, "def getpass(): return 1\n\npager = getpass\n") as client:
        for code in (
            f"import {name}",
            f"assert {name}.getpass() == {name}.pager() == 1",
            "2",
        ):
            reply = client.execute(code, reply=True, timeout=PATIENCE)["content"]
            assert reply["status"] == "ok", reply
