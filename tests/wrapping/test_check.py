"""Every wrapped language that is shipped passes ``polykernel check``."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from polykernel_declared import declared
from polykernel_declared.plugin import SHIPPED
from support import commands

from wrapping import tables

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.skipif(
    importlib.util.find_spec("polykernel.cli_check") is None, reason="there is no polykernel check"
)
@pytest.mark.parametrize("name", tables.languages())
def test_a_wrapped_language_passes_the_checks(
    name: str, tmp_path: Path, alive: Callable[[], None]
) -> None:
    (program,) = declared(Path(SHIPPED, f"{name}.toml")).programs
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    alive()
    code, text = commands.run(tmp_path, "polykernel", "check", name)
    assert code == 0, text
