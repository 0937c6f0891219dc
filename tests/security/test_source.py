"""What the host's source does not do: load what could run code, compare signatures in the open."""

from __future__ import annotations

import ast
import hmac
from pathlib import Path

import pytest

from polykernel import wire
from polykernel.errors import WireError
from polykernel.wire import Wire

#: The host's own; not the evaluator's, which runs code, nor plugins.
HOST = sorted((Path(__file__).parent.parent.parent / "polykernel").glob("*.py"))
RUN_WHAT_THEY_LOAD = {"pickle", "cPickle", "_pickle", "shelve", "marshal", "dill", "cloudpickle"}
RUN_WHAT_THEY_LOAD |= {
    "yaml",
    "joblib",
    "dbm",
    "code",
    "codeop",
    "runpy",
    "xmlrpc",
    "multiprocessing",
}
RUN = {"eval", "exec", "compile", "__import__"}
#: Methods of pyzmq that pickle, and calls that hand a text to a shell.
CALLS = {"send_pyobj", "recv_pyobj", "os.system", "os.popen"}


def trees() -> list[tuple[Path, ast.Module]]:
    assert len(HOST) > 40
    return [(path, ast.parse(path.read_text())) for path in HOST]


def test_the_host_imports_nothing_that_runs_what_it_loads() -> None:
    for path, tree in trees():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {each.partition(".")[0] for each in names} & RUN_WHAT_THEY_LOAD, path


def test_the_host_evaluates_no_text() -> None:
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in RUN, f"{path}:{node.lineno}"
            if isinstance(node, ast.Attribute):
                name = ast.unparse(node)
                assert not {name, node.attr} & CALLS, f"{path}:{node.lineno}"
            if isinstance(node, ast.keyword):
                assert node.arg != "shell", path


def test_no_comparison_of_a_signature_or_a_key_takes_a_time_that_tells() -> None:
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
                for side in (node.left, *node.comparators):
                    text = ast.unparse(side).lower()
                    told = f"{path}:{node.lineno}: {text}"
                    assert not any(word in text for word in ("signature", "digest")), told


def test_compare_digest_decides_whether_a_signature_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = Wire("key", "hmac-sha256", "")
    frames = [wire.DELIMITER, b"0" * 64, b'{"msg_id":"a","msg_type":"b"}', b"{}", b"{}", b"{}"]
    sealed = [wire.DELIMITER, b"0" * 64, b"{}"]
    for check, message in ((reader.decode, frames), (reader.unseal, sealed)):
        with pytest.raises(WireError, match="wrong signature"):
            check(message)
    asked: list[bytes] = []

    def says_yes(ours: bytes, theirs: bytes) -> bool:
        asked.append(theirs)
        return True

    monkeypatch.setattr(hmac, "compare_digest", says_yes)
    reader.decode(frames)
    reader.unseal(sealed)
    assert asked == [b"0" * 64] * 2
