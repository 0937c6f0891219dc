"""What the user's objects raise when completion or help looks at them is not told as a bug."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.kernels import Kernel

RAISES = {
    "exit": "exit()",
    "sys.exit": "import sys; sys.exit(3)",
    "SystemExit": "raise SystemExit(3)",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "CancelledError": "import asyncio; raise asyncio.CancelledError",
    "BaseException": "raise type('Odd', (BaseException,), {})",
    "ValueError": "raise ValueError",
}

CODE = """
def fail(*_):
    {raises}
class P: p = property(fail)
class D: __dir__ = fail
class A: __getattr__ = fail
class G: __getattribute__ = fail
class R: __repr__ = fail
class C: __class__ = property(fail)
class K: _ipython_key_completions_ = fail
class S: __signature__ = property(fail); __call__ = fail; __doc__ = property(fail)
class M(type): __getattr__ = fail
class N(metaclass=M): pass
p, d, a, g, r, c, k, s, n = P(), D(), A(), G(), R(), C(), K(), S(), N()
"""

COMPLETED = [
    *(f"{name}." for name in "pdagrcksnN"),
    *("p.p.", "a.b.c", "g.b.", "N.x.", "k[", "k['", "a[", "g['", "c[", "s(", "a(", "g(", "c(", ""),
]
INSPECTED = [*"pdagrcksnN", "p.p", "p.p.q", "a.b", "a.b(", "g.b", "C().b", "N().x", "N.x", "s("]


def ask(kernel: Kernel, method: str, code: str) -> dict[str, Any]:
    content: dict[str, Any] = {"code": code, "cursor_pos": len(code)}
    if method == "inspect":
        content["detail_level"] = 1
    return kernel.client.request(f"{method}_request", content).reply


@pytest.mark.parametrize("raises", RAISES.values(), ids=RAISES.keys())
def test_completion_and_help_find_nothing_and_go_on(python: Kernel, raises: str) -> None:
    assert python.execute(CODE.format(raises=raises)).status == "ok"
    for method, codes in (("complete", COMPLETED), ("inspect", INSPECTED)):
        for code in codes:
            assert ask(python, method, code)["status"] == "ok", (method, code)
    assert ask(python, "complete", "p.p.")["matches"] == []
    assert ask(python, "complete", "d.")["matches"] == []
    assert ask(python, "inspect", "a.b")["found"] is False
    assert "Type:" in ask(python, "inspect", "r")["data"]["text/plain"]
    # one object that fails takes nothing from the names of the others
    assert {"p", "c"} <= set(ask(python, "complete", "")["matches"])


@pytest.mark.parametrize("raises", ["exit()", "raise KeyboardInterrupt"])
def test_the_same_while_a_cell_runs(python: Kernel, raises: str) -> None:
    client = python.client
    python.execute(CODE.format(raises=raises))
    cell = client.send_execute("input()", allow_stdin=True)
    client.wait_for("input_request", cell)
    for method, code in (("complete", "p.p."), ("complete", "d."), ("inspect", "a.b")):
        assert ask(python, method, code)["status"] == "ok"
    client.answer("")
    assert client.outcome(cell).status == "ok"


@pytest.mark.parametrize("subshell", [False, True])
def test_an_interrupt_ends_a_property_that_hangs(python: Kernel, subshell: bool) -> None:
    client = python.client
    shell = client.create_subshell() if subshell else None
    code = "class H:\n @property\n def p(self):\n  print('hangs', flush=True)\n  while True: pass\n"
    client.outcome(client.send_execute(f"{code}h = H()", subshell=shell))
    asked = client.send("complete_request", {"code": "h.p.", "cursor_pos": 4}, subshell=shell)
    client.wait_for_text("hangs")
    client.request("interrupt_request", channel="control")
    assert client.outcome(asked).reply["ename"] == "KeyboardInterrupt"
    assert client.outcome(client.send_execute("1 + 1", subshell=shell)).result == "2"
