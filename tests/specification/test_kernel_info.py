"""Kernel info: what a kernel says of itself, and its kernelspec says of it."""

from __future__ import annotations

import platform
import re
from typing import TYPE_CHECKING, Any

from specification.rules import ALL, KERNELS, SECURITY, rule

if TYPE_CHECKING:
    from support.subjects import Subject

KERNEL_INFO = "Kernel info"
SPECS = "Kernel specs"
VERSION = r"\d+\.\d+(\.\w+)*"


def info(kernel: Subject, channel: str = "shell") -> dict[str, Any]:
    reply: dict[str, Any] = kernel.client.request("kernel_info_request", channel=channel).reply
    assert reply["status"] == "ok"
    return reply


def spec(kernel: Subject) -> Any:
    return kernel.kernel.manager.kernel_spec


@rule(
    "kernel_info_reply",
    KERNEL_INFO,
    "Version of messaging protocol. The first integer indicates major version.",
    languages=ALL,
)
def test_the_protocol_has_a_version(kernel: Subject) -> None:
    version = info(kernel)["protocol_version"]
    assert re.fullmatch(VERSION, version)
    assert version.startswith("5.")


@rule(
    "kernel_info_reply",
    "Versioning",
    "The current version of the specification is 5.5.",
    languages=ALL,
)
def test_the_protocol_is_the_current_one(kernel: Subject) -> None:
    assert [int(part) for part in info(kernel)["protocol_version"].split(".")][:2] >= [5, 5]


@rule("kernel_info_reply", KERNEL_INFO, "The kernel implementation name", languages=ALL)
def test_the_implementation_has_a_name(kernel: Subject) -> None:
    name = info(kernel)["implementation"]
    assert isinstance(name, str)
    assert name


@rule("kernel_info_reply", KERNEL_INFO, "Implementation version number.", languages=ALL)
def test_the_implementation_has_a_version(kernel: Subject) -> None:
    assert re.fullmatch(VERSION, info(kernel)["implementation_version"])


@rule(
    "kernel_info_reply",
    KERNEL_INFO,
    "Name of the programming language that the kernel implements.",
    languages=ALL,
)
def test_the_language_has_the_name_of_the_kernelspec(kernel: Subject) -> None:
    assert info(kernel)["language_info"]["name"] == spec(kernel).language


@rule("kernel_info_reply", KERNEL_INFO, "Language version number.")
def test_the_language_has_the_version_of_the_interpreter_that_runs_cells(kernel: Subject) -> None:
    assert info(kernel)["language_info"]["version"] == platform.python_version()


@rule(
    "kernel_info_reply",
    KERNEL_INFO,
    "Language version number. It is Python version number",
    languages=ALL,
)
def test_the_version_of_the_language_is_a_text(kernel: Subject) -> None:
    assert re.fullmatch(VERSION, info(kernel)["language_info"]["version"])


@rule(
    "kernel_info_reply",
    KERNEL_INFO,
    "mimetype for script files in this language",
    languages=ALL,
)
def test_scripts_of_the_language_have_a_mimetype(kernel: Subject) -> None:
    assert re.fullmatch(r"[\w.+-]+/[\w.+-]+", info(kernel)["language_info"]["mimetype"])


@rule("kernel_info_reply", KERNEL_INFO, "Extension including the dot, e.g. '.py'", languages=ALL)
def test_files_of_the_language_have_an_extension_with_its_dot(kernel: Subject) -> None:
    assert re.fullmatch(r"\.\w+", info(kernel)["language_info"]["file_extension"])


@rule(
    "kernel_info_reply",
    KERNEL_INFO,
    "Only needed if it differs from the 'name' field.",
    languages=ALL,
)
def test_what_colours_the_language_is_known_to_pygments(kernel: Subject) -> None:
    from pygments.lexers import get_lexer_by_name

    language = info(kernel)["language_info"]
    name = language.get("pygments_lexer") or language["name"]
    if name == "ipython3":  # brought by another package, for nbconvert
        return
    assert get_lexer_by_name(name)


@rule(
    "kernel_info_reply",
    KERNEL_INFO,
    "A banner of information about the kernel, which may be displayed in console environments.",
    languages=ALL,
)
def test_there_is_a_banner(kernel: Subject) -> None:
    banner = info(kernel)["banner"]
    assert isinstance(banner, str)
    assert banner.strip()


@rule(
    "kernel_info_reply",
    KERNEL_INFO,
    "A boolean flag which tells if the kernel supports debugging in the notebook. ... Deprecated "
    "as replaced by 'supported_features'=['debugger']",
    languages=ALL,
)
def test_the_old_flag_of_the_debugger_agrees_with_the_features(kernel: Subject) -> None:
    found = info(kernel)
    assert isinstance(found.get("debugger", False), bool)
    assert found.get("debugger", False) == ("debugger" in found["supported_features"])


@rule(
    "kernel_info_reply",
    KERNEL_INFO,
    "Optional: A list of dictionaries, each with keys 'text' and 'url'.",
    languages=ALL,
)
def test_links_for_help_have_a_text_and_an_address(kernel: Subject) -> None:
    for link in info(kernel).get("help_links", []):
        assert set(link) == {"text", "url"}
        assert link["url"].startswith(("http://", "https://"))


@rule(
    "kernel_info_reply",
    KERNEL_INFO,
    "Optional: A list of optional features such as 'debugger' and 'kernel subshells'.",
    languages=ALL,
)
def test_features_are_a_list_of_names(kernel: Subject) -> None:
    features = info(kernel)["supported_features"]
    assert isinstance(features, list)
    assert set(features) <= {"debugger", "kernel subshells"}


@rule(
    "kernel_info_reply",
    KERNEL_INFO,
    "``ipython_version`` is removed.",
    languages=ALL,
)
def test_fields_of_earlier_versions_are_gone(kernel: Subject) -> None:
    assert not {"ipython_version", "language", "language_version"} & set(info(kernel))


@rule(
    "kernel_info_request",
    KERNEL_INFO,
    "This is the same :ref:`kernel info <msging_kernel_info>` message as that received on the "
    "Shell channel.",
    languages=ALL,
)
def test_kernel_info_on_control_is_that_of_shell(kernel: Subject) -> None:
    on_control, on_shell = info(kernel, "control"), info(kernel, "shell")
    assert set(on_control) == set(on_shell)
    for each in (on_control, on_shell):
        del each["banner"]  # ipykernel has a tip in it, each time another
    assert on_control == on_shell


@rule(
    "kernel_info_request",
    KERNEL_INFO,
    "If a client needs to know information about the kernel, it can make a request of the "
    "kernel's information.",
)
def test_a_late_front_end_is_told_of_the_kernel_while_a_cell_runs(kernel: Subject) -> None:
    gate, cell = kernel.send_gate()
    late = kernel.connect(subscribe=False)
    sent = late.send("kernel_info_request", channel="control")
    reply = late.wait_for("kernel_info_reply", sent, patience=5)
    assert reply.content["status"] == "ok"
    gate.open()
    kernel.client.outcome(cell)


@rule(
    "kernel.json",
    SPECS,
    "The text ``{connection_file}`` in any argument will be replaced with the path to the "
    "connection file.",
    page=KERNELS,
    languages=ALL,
)
def test_a_kernelspec_says_where_the_connection_file_goes(kernel: Subject) -> None:
    argv = spec(kernel).argv
    assert all(isinstance(each, str) for each in argv)
    assert any("{connection_file}" in each for each in argv)


@rule(
    "kernel.json",
    SPECS,
    "**display_name**: The kernel's name as it should be displayed in the UI.",
    page=KERNELS,
    languages=ALL,
)
def test_a_kernelspec_has_a_name_to_show(kernel: Subject) -> None:
    assert spec(kernel).display_name.strip()


@rule(
    "kernel.json",
    SPECS,
    "A dictionary of environment variables to set for the kernel.",
    page=KERNELS,
)
def test_cells_have_the_environment_of_their_kernelspec(kernel: Subject) -> None:
    other = kernel.fresh(environment={"OF_USERS": "ü 😀"})
    assert other.execute("import os; print(os.environ['OF_USERS'])").text() == "ü 😀\n"


@rule(
    "kernel.json",
    SPECS,
    "A string indicating which version of the kernel protocol the kernel supports.",
    page=KERNELS,
    languages=ALL,
)
def test_a_kernelspec_says_which_protocol_the_kernel_speaks(kernel: Subject) -> None:
    from specification.packing import kernel_json

    version = kernel_json(spec(kernel))["kernel_protocol_version"]
    assert [int(part) for part in version.split(".")] >= [5, 5]


@rule(
    "kernel.json",
    SPECS,
    "logo image files",
    page=KERNELS,
    languages=ALL,
)
def test_a_kernelspec_has_logos(kernel: Subject) -> None:
    from pathlib import Path

    names = {path.name for path in Path(spec(kernel).resource_dir).iterdir()}
    assert {"logo-svg.svg", "logo-32x32.png", "logo-64x64.png"} <= names


@rule(
    "kernel.json",
    "Kernelspec requirements",
    "A kernel must declare CurveZMQ support in its ``kernel.json``",
    page=SECURITY,
    languages=ALL,
)
def test_a_kernelspec_says_that_the_kernel_can_encrypt(kernel: Subject) -> None:
    assert "curve" in spec(kernel).metadata["supported_encryption"]


@rule(
    "sockets",
    "Connection file fields",
    "Kernel implementations must read these fields from the connection file and apply them to "
    "their ZMQ sockets before binding.",
    page=SECURITY,
    languages=ALL,
)
def test_an_encrypted_kernel_runs_cells(kernel: Subject) -> None:
    other = kernel.fresh(encryption="required")
    assert len(other.kernel.info["curve_publickey"]) == 40
    assert other.execute(other.words.value).result == other.words.shown
    assert other.client.beats(b"secret") == b"secret"


@rule(
    "sockets",
    "Transport security for kernels",
    "unauthenticated connections are silently dropped before any data is delivered",
    page=SECURITY,
    languages=ALL,
)
def test_who_does_not_encrypt_is_not_let_in(kernel: Subject) -> None:
    other = kernel.fresh(encryption="required")
    plain = {
        name: value for name, value in other.kernel.info.items() if not name.startswith("curve")
    }
    stranger = kernel.client.stranger(plain)
    stranger.patience = 1.0
    channels = ("shell", "control", "stdin", "iopub", "hb")
    let_in = [channel for channel in channels if stranger.can_connect(channel)]
    stranger.close()
    assert not let_in
    assert other.execute(other.words.value).result == other.words.shown


@rule(
    "sockets",
    "The ``transport_encryption`` setting",
    "``transport_encryption`` applies to both the ``tcp`` and ``ipc`` transports.",
    page=SECURITY,
    languages=ALL,
)
def test_encryption_goes_over_ipc_too(kernel: Subject) -> None:
    other = kernel.fresh(encryption="required", transport="ipc")
    assert other.execute(other.words.value).result == other.words.shown
