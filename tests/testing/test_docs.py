"""What docs/testing.md shows is so."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from pathlib import Path

from check import trials

from polykernel import Samples
from polykernel.testing.conformance.register import TOPICS, checks

ROOT = Path(__file__).parent.parent.parent
DOCS = (ROOT / "docs" / "testing.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)


def test_its_tests_pass(tmp_path: Path) -> None:
    tests = [block for block in blocks("python") if "def test_" in block]
    (tmp_path / "test_docs.py").write_text("\n\n".join(tests))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert f"{''.join(tests).count('def test_')} passed" in done.stdout


def test_its_report_is_what_check_prints() -> None:
    [report] = re.findall(r"<!-- report -->\n```console\n(.*?)```", DOCS, re.DOTALL)
    command, _, expected = report.partition("\n")
    arguments = command.removeprefix("$ polykernel check ").split()
    done = subprocess.run(
        [sys.executable, "-m", "polykernel", "check", *arguments, "--plugin", trials.MODULE],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **trials.environment()},
    )
    seconds = re.compile(r"in \d+\.\d s")
    assert seconds.sub("", done.stdout) == seconds.sub("", expected)


def test_it_names_all_topics_and_all_samples() -> None:
    cells = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", DOCS, re.MULTILINE))))
    assert set(TOPICS) <= cells
    assert {field.name for field in dataclasses.fields(Samples)} <= cells


def test_every_check_has_a_rule_a_section_and_a_way_to_mend() -> None:
    found = checks()
    assert len({each.name for each in found}) == len(found)
    for each in found:
        assert each.title, each.name
        assert each.rule.endswith("."), each.name
        assert each.section, each.name
        assert each.mend.endswith("."), each.name
