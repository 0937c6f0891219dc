"""Fortran in a real kernel: modules, procedures, declarations and statements find their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import compiled
from support.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.kernels import Kernel

DOUBLE = """integer function double(n)
  integer, intent(in) :: n
  double = 2*n
end function
"""


@pytest.fixture(scope="module")
def _shared_fortran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = compiled.start("fortran", tmp_path_factory.mktemp("fortran"))
    yield kernel
    kernel.end()


@pytest.fixture
def fortran(_shared_fortran: Kernel) -> Kernel:
    """A Fortran kernel, which the tests of this module share."""
    client = _shared_fortran.client
    client.seen.clear()
    Client.of_this_test.append(client)
    return _shared_fortran


def test_variables_keep_their_values_from_cell_to_cell(fortran: Kernel) -> None:
    fortran.execute("integer :: kept = 5, other\nreal, allocatable :: list(:)")
    fortran.execute("kept = kept + 1\nother = 10\nallocate(list(3))\nlist = [1., 2., 3.]")
    outcome = fortran.execute("write(*, '(i0, 1x, i0, 1x, f3.1)') kept, other, sum(list)")
    assert outcome.text() == "6 10 6.0\n"


def test_procedures_are_called_and_may_be_defined_again(fortran: Kernel) -> None:
    fortran.execute(DOUBLE)
    assert fortran.execute("write(*, '(i0)') double(4)").text() == "8\n"
    fortran.execute(DOUBLE.upper().replace("2*N", "200*N"))
    assert fortran.execute("write(*, '(i0)') double(4)").text() == "800\n"


def test_modules_are_used_and_keep_their_variables(fortran: Kernel) -> None:
    fortran.execute(
        "module counting\n  implicit none\n  integer :: count = 0\n  type pair\n"
        "    integer :: first, second\n  end type\ncontains\n"
        "  subroutine step(by)\n    integer, intent(in) :: by\n    count = count + by\n"
        "  end subroutine\nend module\nuse counting\ntype(pair) :: both"
    )
    fortran.execute("call step(2)\nboth%first = 7")
    outcome = fortran.execute("call step(3)\nwrite(*, '(i0, 1x, i0)') count, both%first")
    assert outcome.text() == "5 7\n"


def test_blocks_and_continued_lines_stay_whole(fortran: Kernel) -> None:
    outcome = fortran.execute(
        "integer :: i\n"
        "do i = 1, 2\n  if (i == 1) then\n    write(*, '(a)') 'one' // &\n      ' and'\n"
        "  else\n    write(*, '(a)') 'end do'\n  end if\nend do ! of it\n"
    )
    assert outcome.text() == "one and\nend do\n"


def test_a_whole_program_reads_and_writes(fortran: Kernel) -> None:
    code = (
        "program asks\n  character(len=20) :: name\n  write(*, '(a)', advance='no') 'name? '\n"
        "  read '(a)', name\n  write(*, '(a)') trim(name)\nend program"
    )
    msg_id = fortran.client.send_execute(code, allow_stdin=True)
    fortran.client.wait_for("input_request", msg_id)
    fortran.client.wait_for_text("name? ", msg_id)
    fortran.client.answer("é𝒳")
    assert fortran.client.outcome(msg_id).text() == "name? é𝒳\n"


def test_implicit_none_may_stand_there_though_it_always_holds(fortran: Kernel) -> None:
    code = "implicit none\ninteger :: typed\ntyped = 4\nwrite(*, '(i0)') typed"
    assert fortran.execute(code).text() == "4\n"
    assert fortran.execute("IMPLICIT NONE (type, external) ! strict").status == "ok"
    assert "implicit" in fortran.execute("untyped = 1").reply["evalue"].lower()


def test_input_that_is_refused_is_the_cells_error_and_not_the_exit_it_leads_to(
    fortran: Kernel,
) -> None:
    fortran.execute("integer :: asked")
    outcome = fortran.execute("read *, asked", allow_stdin=False)
    assert outcome.reply["ename"] == "InputRefused"
    assert "exit code 2" in outcome.traceback
    assert "they begin anew" in outcome.traceback
    program = "program asks\n  integer :: n\n  read *, n\nend program"
    assert fortran.execute(program, allow_stdin=False).reply["ename"] == "InputRefused"
    assert fortran.execute("asked = 3\nwrite(*, '(i0)') asked").text() == "3\n"


def test_an_error_names_line_and_column_of_the_cell(fortran: Kernel) -> None:
    outcome = fortran.execute("integer :: number\n\nnumber = 'text'")
    assert outcome.reply["ename"] == "CompileError"
    assert f"In[{outcome.reply['execution_count']}]:3:" in outcome.traceback
    assert "    3 | number = 'text'" in outcome.traceback
    assert "implicit" in fortran.execute("nowhere = 1").reply["evalue"].lower()


def test_an_error_stop_is_an_exit_code(fortran: Kernel) -> None:
    outcome = fortran.execute("error stop 'bad'")
    assert outcome.text("stderr") == "ERROR STOP bad\n"
    assert outcome.reply["evalue"] == "the program ended with exit code 1"
    assert fortran.execute("write(*, '(a)') 'on'").text() == "on\n"


def test_a_crash_names_its_line(fortran: Kernel) -> None:
    fortran.execute("integer, pointer :: nowhere_at_all")
    outcome = fortran.execute("nullify(nowhere_at_all)\nnowhere_at_all = 3")
    assert outcome.reply["ename"] == "SIGSEGV"
    assert outcome.reply["evalue"].endswith("line 2")


def test_an_interrupt_stops_a_loop_and_the_variables_stay(fortran: Kernel) -> None:
    fortran.execute("integer :: survives, turns")
    fortran.execute("survives = 4")
    msg_id = fortran.client.send_execute("print *, 'begun'\ndo\n  turns = turns + 1\nend do")
    fortran.client.wait_for_text("begun", msg_id)
    fortran.client.request("interrupt_request", channel="control")
    assert fortran.client.outcome(msg_id).reply["ename"] == "KeyboardInterrupt"
    assert fortran.execute("write(*, '(i0)') survives").text() == "4\n"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("do i = 1, 3", "incomplete"),
        ("subroutine s()", "incomplete"),
        ("x = 1 + &", "incomplete"),
        ("if (x > 1) stop", "complete"),
        ("IF (x > 1) THEN\nEND IF", "complete"),
        ("end do", "invalid"),
        ("print *, 'do'", "complete"),
    ],
)
def test_open_blocks_ask_for_more(fortran: Kernel, code: str, status: str) -> None:
    assert fortran.client.request("is_complete_request", {"code": code}).reply["status"] == status
