"""The benchmarks run: every measure, once, with next to nothing to do. No time is asserted."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import ports

# behind what is installed: polykernel is tested as users get it
sys.path.append(str(Path(__file__).parent.parent))

from benchmarks import client, environment, plots, report
from benchmarks.client import Failed
from benchmarks.growth import GROWTHS
from benchmarks.kernels import FLOOR, FLOOR_OF_TWO, KERNELS, Kernel, Words, named
from benchmarks.measures import MEASURES, TINY, Measure, NotSaid, Outcome
from benchmarks.rounds import Results, run
from benchmarks.running import Place, running
from benchmarks.targets import judge

if TYPE_CHECKING:
    from benchmarks.growth import Growth

OURS = [FLOOR, FLOOR_OF_TWO, *named(["polykernel"])]
FAST_GROWTHS = [growth for growth in GROWTHS if growth.name != "kernels"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(client, "free_ports", ports.take)  # other tests run at the same time
    return Place(environment.this_one(), tmp_path)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_each_measure_of_our_kernels_gives_figures(measure: Measure, place: Place) -> None:
    said: list[str] = []
    results = run(OURS, [measure], place, TINY, rounds=1, minutes=2, tell=said.append)
    assert not results.failures, "\n".join(said)
    assert not results.remarks, "\n".join(said)
    for column in measure.columns:
        assert "polykernel python" in results.values[column.name], "\n".join(said)


@pytest.mark.parametrize("growth", FAST_GROWTHS, ids=lambda growth: growth.name)
def test_each_growth_gives_a_cost_for_each_step(growth: Growth, place: Place) -> None:
    (kernel,) = named(["polykernel python"])
    costs = growth.function(kernel, place, (1, 3))
    assert costs
    assert all(len(values) == 2 for values in costs.values())


def test_a_kernel_that_dies_is_told_and_stops_nothing(place: Place) -> None:
    dying = Kernel("dying", "", ("-c", "import sys; sys.exit(1)"), Words())
    said: list[str] = []
    results = run([dying, FLOOR], MEASURES[:2], place, TINY, rounds=3, minutes=2, tell=said.append)
    assert results.failures == {
        "start": {"dying": "the kernel died"},
        "trip": {"dying": "the kernel died"},
    }
    assert results.median("start", "floor") is not None
    assert sum("died" in line for line in said) == 4, "it is given up after two failures each"


def test_a_kernel_that_does_not_answer_is_ended(place: Place) -> None:
    silent = Kernel("silent", "", ("-c", "import time; time.sleep(600)"), Words())
    with running(silent, place) as started:
        started.client.patience = 0.1
        with pytest.raises(Failed, match="no answer"):
            started.client.kernel_info()
    assert not started.alive()


def test_words_are_said_only_to_kernels_that_have_them(place: Place) -> None:
    interrupt = next(measure for measure in MEASURES if measure.name == "interrupt")
    with pytest.raises(NotSaid):
        interrupt.function(FLOOR, place, TINY)


def test_lost_data_misses_a_target_however_fast_it_was() -> None:
    results = Results()
    results.add("prints", "ipykernel", Outcome({"prints": 100.0}))
    results.add("prints", "polykernel python", Outcome({"prints": 1000.0}, "3 lines lost"))
    (verdict,) = judge(results)
    assert verdict.reached == 10
    assert not verdict.met


def test_the_page_shows_figures_ratios_failures_and_targets(tmp_path: Path) -> None:
    results = Results()
    results.add("start", "ipykernel", Outcome({"start": 200.0, "first cell": 210.0}))
    results.add("start", "kernmini echo", Outcome({"start": 100.0, "first cell": 100.0}))
    results.add("start", "polykernel echo", Outcome({"start": 50.0, "first cell": 51.0}))
    results.failures["start"] = {"async-kernel": "the kernel died"}
    known = report.facts({"ipykernel": "7"}, {"bash_kernel": "no such file: /home/me/x"}, 1)
    report.save(tmp_path / "results.json", results, known, TINY, {})
    read, known, growth = report.load(tmp_path / "results.json")
    assert read.values == results.values
    page = report.page(read, known, [])
    assert "| **polykernel echo** | 50 (0.25 ×) | 51 (0.24 ×) |" in page  # noqa: RUF001
    assert "| async-kernel | *the kernel died* |" in page
    assert "at most 0.35 × ipykernel | 0.25 × ipykernel | met |" in page  # noqa: RUF001
    assert "/home" not in page
    assert not growth


def test_plots_are_the_same_for_the_same_figures(tmp_path: Path) -> None:
    results = Results()
    for kernel in KERNELS:
        results.add("start", kernel.name, Outcome({"start": 100.0}))
    for name in ("one.svg", "two.svg"):
        plots.bars(tmp_path / name, results, ["start", "first cell"])
    one, two = ((tmp_path / name).read_text() for name in ("one.svg", "two.svg"))
    assert one == two
    assert not re.search(r"20\d\d-\d\d-\d\d", one)


def test_every_module_of_an_environment_must_have_bytecode(tmp_path: Path) -> None:
    (tmp_path / "without.py").write_text("x = 1\n")
    (tmp_path / "template.py").write_text("{{ no Python }\n")
    assert environment.without_bytecode(tmp_path) == [tmp_path / "without.py"]
