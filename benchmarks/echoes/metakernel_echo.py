"""The least that makes an echo kernel with metakernel: its own example."""

from typing import Any

from metakernel import MetaKernel


class Echo(MetaKernel):
    """Gives the code back."""

    implementation = banner = "echo"
    implementation_version = "1.0"
    language = "text"
    language_version = "1.0"
    language_info = {"name": "echo", "mimetype": "text/plain", "file_extension": ".txt"}  # noqa: RUF012 -- the example's

    def get_usage(self) -> str:
        """Say what it does."""
        return "echo"

    def do_execute_direct(self, code: str, silent: bool = False) -> Any:
        """Run a cell."""
        return code.rstrip()


Echo.run_as_main()
