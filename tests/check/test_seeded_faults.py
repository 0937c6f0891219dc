"""The checks have teeth: each seeded fault is found by exactly the check that it is for."""

from __future__ import annotations

import pytest

from polykernel.testing.conformance.register import checks

from . import trials

from polykernel_sabotaged.faults import FAULTS  # isort: skip
from polykernel_sabotaged.plugin import name_of  # isort: skip


def test_a_language_without_faults_passes_everything() -> None:
    results = trials.check("sound")
    assert trials.failed(results) == [], trials.told(results)
    assert [each.check.name for each in results if each.status == "not tried"] == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_its_check_and_by_no_other(fault: str) -> None:
    results = trials.check(name_of(fault))
    assert trials.failed(results) == [FAULTS[fault].__doc__], trials.told(results)
    [broken] = [each for each in results if each.status == "failed"]
    assert broken.sent
    assert broken.came
    assert broken.check.rule
    assert broken.check.section
    assert broken.mend


def test_every_check_of_a_running_language_is_known_to_find_a_fault() -> None:
    found = {made.__doc__ for made in FAULTS.values()}
    # the host sees to it that silent cells are silent: no evaluator can break that
    assert {each.name for each in checks() if each.topic != "facts"} - found == {"cells.silent"}
