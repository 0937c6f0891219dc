"""Cells of the language Python in a real kernel: results, names, display, import hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.kernels import Kernel


def value(kernel: Kernel, code: str) -> str:
    outcome = kernel.execute(code)
    assert outcome.status == "ok", outcome.traceback
    return str(outcome.result)


def printed(kernel: Kernel, code: str) -> str:
    outcome = kernel.execute(code)
    assert outcome.status == "ok", outcome.traceback
    return str(outcome.text())


def test_the_last_expression_is_the_result(python: Kernel) -> None:
    assert value(python, "x = 20\nx + 1") == "21"
    assert value(python, "'text'") == "'text'"
    assert python.execute("x;").contents("execute_result") == []
    assert python.execute("None").contents("execute_result") == []


def test_earlier_results_and_inputs_have_names(python: Kernel) -> None:
    outcome = python.execute("'one'")
    count = outcome.reply["execution_count"]
    assert value(python, f"_, _{count}, Out[{count}], In[{count}], _i") == str(
        ("one", "one", "one", "'one'", "'one'")
    )
    for word in ("first", "second", "third"):
        python.execute(repr(word))
    assert value(python, "_, __, ___") == "('third', 'second', 'first')"
    assert value(python, "_i, _ii, _iii") == str(("_, __, ___", "'third'", "'second'"))


def test_results_and_inputs_of_long_ago_have_names_where_they_are_asked_for(
    python: Kernel,
) -> None:
    count = python.execute("['long', 'ago']").reply["execution_count"]
    python.execute(f"def f(): return _{count}, _i{count}")
    for _ in range(110):
        python.execute("0")
    assert value(python, "f()") == str((["long", "ago"], "['long', 'ago']"))
    expressions = {"x": f"_{count + 10}, _i{count + 10}"}
    outcome = python.execute("0", user_expressions=expressions)
    shown = outcome.reply["user_expressions"]["x"]["data"]["text/plain"]
    assert shown == "(0, '0')"


def test_silent_cells_and_those_that_do_not_count_leave_no_trace(python: Kernel) -> None:
    before = python.execute("'kept'").reply["execution_count"]
    python.execute("'silent'", silent=True)
    python.execute("'uncounted'", store_history=False)
    assert value(python, "_") == "'kept'"
    assert value(python, "len(In)") == str(before + 3)


def test_a_silent_cell_does_not_even_ask_for_the_values_text(python: Kernel) -> None:
    code = "asked = []\nclass Loud:\n    def __repr__(self): asked.append(1); return 'x'\n"
    python.execute(code)
    python.execute("Loud()", silent=True)
    assert value(python, "asked") == "[]"


def test_the_users_own_underscore_is_left_alone(python: Kernel) -> None:
    python.execute("_ = 'translate'")
    python.execute("1 + 1")
    assert value(python, "_") == "'translate'"
    python.execute("del _")


def test_main_is_a_real_module(python: Kernel) -> None:
    code = """
import dataclasses, pickle, sys
@dataclasses.dataclass
class Point:
    x: int = 1
assert sys.modules["__main__"].Point is Point and "__file__" not in globals()
__name__, pickle.loads(pickle.dumps(Point(3)))
"""
    assert value(python, code) == "('__main__', Point(x=3))"


def test_functions_of_cells_run_in_forked_workers(python: Kernel) -> None:
    code = """
import multiprocessing
def square(x):
    return x * x
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(square, range(4)))
"""
    assert printed(python, code) == "[0, 1, 4, 9]\n"


def test_workers_that_start_afresh_run_what_they_can_import(python: Kernel) -> None:
    code = """
import math, multiprocessing
with multiprocessing.get_context("spawn").Pool(1) as pool:
    print(pool.map(math.sqrt, [4.0]))
"""
    assert printed(python, code) == "[2.0]\n"


def test_a_forked_child_ends_as_a_program_ends(python: Kernel) -> None:
    code = """
import os, sys
def child(action):
    pid = os.fork()
    if pid:
        return os.WEXITSTATUS(os.waitpid(pid, 0)[1])
    action()
child(lambda: sys.exit(3))
"""
    assert value(python, code) == "3"
    outcome = python.execute("child(lambda: 1 / 0)")
    assert outcome.result == "1"
    assert "ZeroDivisionError" in outcome.text("stderr")
    assert "polykernel" not in outcome.text("stderr")


def test_the_source_of_a_cells_function_is_found(python: Kernel) -> None:
    python.execute("def documented():\n    'words'\n    return 1")
    assert printed(python, "import inspect; print(inspect.getsource(documented))") == (
        "def documented():\n    'words'\n    return 1\n\n"
    )
    python.execute("import linecache; linecache.checkcache()")
    assert value(python, "inspect.getsource(documented).count('words')") == "1"


def test_top_level_await_shows_the_last_value(python: Kernel) -> None:
    assert value(python, "import asyncio\nawait asyncio.sleep(0)\n'after'") == "'after'"
    assert value(python, "await asyncio.sleep(0, 'slept')") == "'slept'"


def test_asynchronous_comprehensions_and_loops_run(python: Kernel) -> None:
    code = """
async def numbers():
    for n in range(3):
        yield n
async for n in numbers():
    last = n
[n async for n in numbers()], last
"""
    assert value(python, code) == "([0, 1, 2], 2)"


def test_tasks_live_on_between_cells(python: Kernel) -> None:
    python.execute(
        "import asyncio\nwaiting = asyncio.Event()\ntask = asyncio.create_task(waiting.wait())"
    )
    python.execute("waiting.set()")
    assert value(python, "await task") == "True"


def test_future_imports_last(python: Kernel) -> None:
    python.execute("from __future__ import annotations")
    assert value(python, "def f(x: undefined): pass\nf.__annotations__") == "{'x': 'undefined'}"


def test_a_warning_shows_its_line_each_time_the_cell_runs(python: Kernel) -> None:
    code = "import warnings\nwarnings.warn('careful')"
    for _ in range(2):
        text = python.execute(code).text("stderr")
        assert ":2: UserWarning: careful\n  warnings.warn('careful')\n" in text


def test_user_expressions_are_evaluated_and_fail_alone(python: Kernel) -> None:
    outcome = python.execute("y = 'five'", user_expressions={"good": "y", "bad": "1/0"})
    expressions = outcome.reply["user_expressions"]
    assert expressions["good"]["data"] == {"text/plain": "'five'"}
    assert expressions["bad"]["status"] == "error"
    assert expressions["bad"]["ename"] == "ZeroDivisionError"


def test_the_users_own_display_hook_is_called(python: Kernel) -> None:
    assert (
        printed(
            python,
            "import sys\nkept = sys.displayhook\nsys.displayhook = lambda v: print('mine', v)\n7",
        )
        == "mine 7\n"
    )
    python.execute("sys.displayhook = kept")
    assert value(python, "8") == "8"


def test_code_compiled_as_single_shows_its_values(python: Kernel) -> None:
    outcome = python.execute("exec(compile('6 * 7', 'x', 'single'))")
    assert [content["data"] for content in outcome.contents("display_data")] == [
        {"text/plain": "42"}
    ]


# display


def test_display_shows_objects_in_order_with_text(python: Kernel) -> None:
    outcome = python.execute("print('a')\ndisplay('b')\nprint('c')\ndisplay(1, [2])")
    assert outcome.pieces() == ["a\n", "<'b'>", "c\n", "<1>", "<[2]>"]


def test_rich_objects_are_shown_in_all_their_forms(python: Kernel) -> None:
    code = """
class Rich:
    def __repr__(self): return 'plain'
    def _repr_html_(self): return '<b>rich</b>'
    def _repr_latex_(self): return None
display(Rich())
Rich()
"""
    outcome = python.execute(code)
    expected = {"text/plain": "plain", "text/html": "<b>rich</b>"}
    assert outcome.contents("display_data")[0]["data"] == expected
    assert outcome.contents("execute_result")[0]["data"] == expected


def test_an_object_that_displays_itself_is_left_to_it(python: Kernel) -> None:
    code = """
class Own:
    def _ipython_display_(self): print('shown by itself')
Own()
"""
    outcome = python.execute(code)
    assert outcome.text() == "shown by itself\n"
    assert outcome.contents("execute_result") == []


def test_a_display_is_updated_by_its_handle_also_in_a_later_cell(python: Kernel) -> None:
    shown = python.execute("handle = display('first', display_id=True)").contents("display_data")
    updated = python.execute("handle.update('second')").contents("update_display_data")
    assert shown[0]["transient"] == updated[0]["transient"] != {}
    assert updated[0]["data"] == {"text/plain": "'second'"}
    named = python.execute("display(1, display_id='named')").contents("display_data")
    assert named[0]["transient"] == {"display_id": "named"}


def test_display_chooses_forms_and_adds_metadata(python: Kernel) -> None:
    raw = "{'text/plain': 'x', 'text/html': '<x>'}"
    outcome = python.execute(
        f"display({raw}, raw=True, include=['text/html'], metadata={{'a': 1}})\n"
        f"display({raw}, raw=True, exclude=['text/html'])"
    )
    assert [
        (content["data"], content["metadata"]) for content in outcome.contents("display_data")
    ] == [
        ({"text/html": "<x>"}, {"a": 1}),
        ({"text/plain": "x"}, {}),
    ]


def test_clear_output_is_there_without_ipython(python: Kernel) -> None:
    outcome = python.execute(
        "from polykernel_python.display import clear_output\nclear_output(wait=True)"
    )
    assert outcome.contents("clear_output") == [{"wait": True}]


def test_ipythons_display_works_without_its_shell(python: Kernel) -> None:
    pytest.importorskip("IPython")
    code = """
from IPython.display import *
from IPython.display import update_display, publish_display_data
display(HTML('<b>'), Markdown('*m*'), Latex('$l$'))
display(Image(data=b'\\x89PNG\\r\\n\\x1a\\nrest'))
handle = display(JSON({'a': 1}), display_id=True)
handle.update(SVG('<svg></svg>'))
update_display('again', display_id=handle.display_id)
publish_display_data({'text/plain': 'published'})
clear_output(wait=True)
import IPython
IPython.get_ipython(), IPython.core.interactiveshell.InteractiveShell.initialized()
"""
    outcome = python.execute(code)
    assert outcome.status == "ok", outcome.traceback
    assert outcome.result == "(None, False)"
    forms = [
        next(key for key in content["data"] if key != "text/plain")
        if len(content["data"]) > 1
        else "text/plain"
        for content in outcome.contents("display_data")
    ]
    assert forms == [
        "text/html",
        "text/markdown",
        "text/latex",
        "image/png",
        "application/json",
        "text/plain",
    ]
    assert len(outcome.contents("update_display_data")) == 2
    assert outcome.contents("clear_output") == [{"wait": True}]


def test_an_ipython_progress_bar_updates_in_place(python: Kernel) -> None:
    pytest.importorskip("IPython")
    outcome = python.execute(
        "from IPython.display import ProgressBar\nfor i in ProgressBar(3): pass"
    )
    assert outcome.status == "ok", outcome.traceback
    assert len(outcome.contents("display_data")) == 1
    assert outcome.contents("update_display_data")


@pytest.mark.parametrize("module", ["tqdm", "tqdm.auto"])
def test_a_progress_bar_of_tqdm_stays_in_its_line(python: Kernel, module: str) -> None:
    pytest.importorskip("tqdm")
    outcome = python.execute(f"from {module} import tqdm\nfor i in tqdm(range(3)): pass")
    assert outcome.status == "ok", outcome.traceback
    text = outcome.text("stderr")
    assert "100%" in text
    assert text.count("\n") == 1
    assert "Warning" not in text


# what a terminal would do


def test_help_prints(python: Kernel) -> None:
    text = printed(python, "help(len)")
    assert "Return the number of items in a container." in text
    assert "\x08" not in text


def test_a_thread_shows_its_error_with_the_cells_line(python: Kernel) -> None:
    code = """
import threading
def fail():
    raise ValueError('in a thread')
thread = threading.Thread(target=fail, name='worker')
thread.start(); thread.join()
"""
    outcome = python.execute(code)
    assert outcome.status == "ok"
    text = outcome.text("stderr")
    assert "Exception in thread worker" in text
    assert "raise ValueError('in a thread')" in text
    assert "Cell In[" in text


def test_a_thread_may_exit_in_silence(python: Kernel) -> None:
    code = "import sys, threading\nthread = threading.Thread(target=sys.exit)\n"
    outcome = python.execute(code + "thread.start(); thread.join()")
    assert outcome.text("stderr") == ""


def test_completion_and_help_know_live_objects(python: Kernel) -> None:
    python.execute("class Thing:\n    def do(self, how): 'Does it.'\nthing = Thing()")
    completion = python.client.request("complete_request", {"code": "thing.d", "cursor_pos": 7})
    assert completion.reply["matches"] == ["do"]
    assert completion.reply["cursor_start"] == 6
    inspection = python.client.request(
        "inspect_request", {"code": "thing.do(", "cursor_pos": 9, "detail_level": 0}
    )
    assert inspection.reply["found"]
    assert "Does it." in inspection.reply["data"]["text/plain"]
    complete = python.client.request("is_complete_request", {"code": "for i in x:"})
    assert complete.reply == {"status": "incomplete", "indent": "    "}


def test_completion_and_help_are_answered_while_a_cell_runs(python: Kernel) -> None:
    client = python.client
    msg_id = client.send_execute(
        "import threading\ngate = threading.Event()\nprint('begun', flush=True)\ngate.wait(60)"
    )
    client.wait_for_text("begun", msg_id)
    completion = client.request("complete_request", {"code": "gate.is_s", "cursor_pos": 9})
    assert completion.reply["matches"] == ["is_set"]
    inspection = client.request(
        "inspect_request", {"code": "gate.wait(", "cursor_pos": 10, "detail_level": 0}
    )
    assert inspection.reply["found"]
    assert not [seen for seen in client.seen if seen.msg_type == "execute_reply"]
    client.send("interrupt_request", channel="control")
    assert client.outcome(msg_id).reply["ename"] == "KeyboardInterrupt"


def test_a_thread_displays_in_the_cell_that_started_it(python: Kernel) -> None:
    code = """
import threading
go = threading.Event()
def work():
    go.wait(60)
    display('from the thread')
thread = threading.Thread(target=work)
thread.start()
"""
    client = python.client
    started = client.send_execute(code)
    client.outcome(started)
    python.execute("go.set(); thread.join()")
    shown = [seen for seen in client.seen if seen.msg_type == "display_data"]
    assert [(seen.parent, seen.content["data"]) for seen in shown] == [
        (started, {"text/plain": "'from the thread'"})
    ]


def test_a_forked_child_that_displays_prints_the_text(python: Kernel) -> None:
    code = """
import os
if os.fork() == 0:
    display('child')
    os._exit(0)
os.wait()[1]
"""
    outcome = python.execute(code)
    assert outcome.result == "0"
    assert outcome.contents("display_data") == []
    assert "child" in outcome.text()


def test_a_package_whose_import_was_interrupted_is_fitted_at_the_next_one(python: Kernel) -> None:
    # an interrupt leaves the submodules that were imported, and takes the package away
    code = """
import comm, sys
del sys.modules["comm"]
import comm
print(type(comm.create_comm(target_name="t")).__name__)
"""
    assert printed(python, code) == "KernelComm\n"
