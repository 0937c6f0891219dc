"""``make fuzz``: runs atheris over one target for some seconds, beginning with the kept corpus."""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped,unused-ignore]

TARGETS = ("wire", "channel")
CORPUS = Path(__file__).parent / "corpus"
WATCHED = [
    "polykernel.wire",
    "polykernel.message",
    "polykernel.channel",
    "polykernel.channel_lines",
    "polykernel.merge",
    "polykernel.parcels",
]


def fuzz(target: str, seconds: int, found: Path) -> None:
    """Fuzz in this process, which ends with it."""
    with atheris.instrument_imports(include=WATCHED):
        module = importlib.import_module(f"fuzz.target_{target}")
    flags = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=20", "-rss_limit_mb=2048"]
    flags += [f"-artifact_prefix={found}/{target}-", "-print_final_stats=1", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *flags, str(found), str(CORPUS / target)], module.try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--target", choices=TARGETS)
    parser.add_argument("--found", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.target and options.found:
        fuzz(options.target, options.seconds, options.found)
        sys.exit(0)
    for name in [options.target] if options.target else TARGETS:
        with tempfile.TemporaryDirectory(prefix=f"fuzz-{name}-") as folder:
            arguments = ["--target", name, "--seconds", str(options.seconds), "--found", folder]
            done = subprocess.run([sys.executable, "-m", "fuzz", *arguments], check=False)
            for path in Path(folder).glob(f"{name}-*"):
                print(f"{name}: found {path.read_bytes()!r}")
            if done.returncode:
                sys.exit(done.returncode)
