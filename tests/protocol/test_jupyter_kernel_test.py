"""Jupyter's own checks of a kernel (jupyter_kernel_test), on our languages."""

from __future__ import annotations

from typing import ClassVar

import jupyter_kernel_test

CELL = "from polykernel.evaluator import current_cell"
HISTORY = ("tail", "search", "range")


class TestEcho(jupyter_kernel_test.KernelTests):  # type: ignore[misc]  # it has no types
    kernel_name = "polykernel-echo"
    language_name = "echo"
    file_extension = ".txt"
    code_execute_result: ClassVar = [{"code": "back", "result": "back"}]
    code_history_pattern = "b?ck"
    supported_history_operations = HISTORY


class TestCalc(jupyter_kernel_test.KernelTests):  # type: ignore[misc]  # it has no types
    kernel_name = "polykernel-calc"
    language_name = "calc"
    file_extension = ".calc"
    code_execute_result: ClassVar = [{"code": "6 * 7", "result": "42"}]
    code_generate_error = "1 / 0"
    completion_samples: ClassVar = [{"text": "sqr", "matches": ["sqrt"]}]
    code_inspect_sample = "sqrt"
    complete_code_samples: ClassVar = ["1 + 1", "f(x) = x^2", "max(1,\n2)"]
    incomplete_code_samples: ClassVar = ["1 +", "sqrt(", "[1, 2"]
    invalid_code_samples: ClassVar = ["1 + * 2", "2)"]
    code_history_pattern = "6 ? *"
    supported_history_operations = HISTORY


class TestPython(jupyter_kernel_test.KernelTests):  # type: ignore[misc]  # it has no types
    kernel_name = "polykernel-python"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('error', file=sys.stderr)"
    code_execute_result: ClassVar = [{"code": "6 * 7", "result": "42"}]
    code_generate_error = "raise ValueError('on purpose')"
    code_display_data: ClassVar = [
        {
            "code": "class A:\n    def _repr_html_(self): return '<b>a</b>'\ndisplay(A())",
            "mime": "text/html",
        }
    ]
    completion_samples: ClassVar = [{"text": "prin", "matches": ["print"]}, {"text": "from os imp"}]
    code_inspect_sample = "print"
    complete_code_samples: ClassVar = ["1", "print('x')", "def f(): pass"]
    incomplete_code_samples: ClassVar = ["def f():", "x = (1,", "for n in range(3):"]
    invalid_code_samples: ClassVar = ["import = 7q", "1 +* 2"]
    code_history_pattern = "6 ? *"
    supported_history_operations = HISTORY
    code_page_something = f"{CELL}; current_cell().page('a page')"
    code_clear_output = f"{CELL}; current_cell().clear_output()"


class TestEchoWelcome(jupyter_kernel_test.IopubWelcomeTests):  # type: ignore[misc]
    kernel_name = "polykernel-echo"
    support_iopub_welcome = True


class TestCalcWelcome(jupyter_kernel_test.IopubWelcomeTests):  # type: ignore[misc]
    kernel_name = "polykernel-calc"
    support_iopub_welcome = True


class TestPythonWelcome(jupyter_kernel_test.IopubWelcomeTests):  # type: ignore[misc]
    kernel_name = "polykernel-python"
    support_iopub_welcome = True
