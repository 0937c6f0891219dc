"""The least that makes an echo kernel with kernmini."""

import sys
from typing import Any

from kernmini import run_kernel


class EchoShell:
    """Gives the code back."""

    def set_stream_sender(self, sender: Any) -> None:
        """Nothing is printed."""

    def kernel_info(self) -> dict[str, Any]:
        """Tell what it is."""
        language = {
            "name": "echo",
            "version": "1.0",
            "mimetype": "text/plain",
            "file_extension": ".txt",
        }
        return {
            "implementation": "echo",
            "implementation_version": "1.0",
            "banner": "echo",
            "language_info": language,
        }

    async def execute(self, code: str, **_: Any) -> dict[str, Any]:
        """Run a cell."""
        return {"result": {"text/plain": code}}


run_kernel(sys.argv[-1], EchoShell, own_process_group=True)
