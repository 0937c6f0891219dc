"""Files in the notebook's folder that are called like modules of the standard library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jupyter_client.manager import start_new_kernel

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 60  # seconds


@pytest.mark.parametrize("name", ["token", "typing", "traceback", "ast", "asyncio", "linecache"])
def test_a_file_called_like_a_module_that_we_import_late_spoils_nothing(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / f"{name}.py").write_text("x = 1\n")
    manager, client = start_new_kernel(kernel_name="polykernel-python", cwd=str(tmp_path))
    try:
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
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


@pytest.mark.parametrize("name", ["comm", "pdb", "matplotlib", "getpass", "pydoc", "linecache"])
def test_a_file_called_like_a_module_that_is_fitted_to_notebooks_can_be_imported(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / f"{name}.py").write_text("def getpass(): return 1\n\npager = getpass\n")
    manager, client = start_new_kernel(kernel_name="polykernel-python", cwd=str(tmp_path))
    try:
        for code in (
            f"import {name}",
            f"assert {name}.getpass() == {name}.pager() == 1",
            "2",
        ):
            reply = client.execute(code, reply=True, timeout=PATIENCE)["content"]
            assert reply["status"] == "ok", reply
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
