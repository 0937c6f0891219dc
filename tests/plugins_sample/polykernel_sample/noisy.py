"""An evaluator whose module waits, if it is told to, and prints while it is loaded."""

import os
import sys

from polykernel_sample.evaluators import Sample

if "SAMPLE_GATE" in os.environ:
    open(os.environ["SAMPLE_GATE"]).close()
for number in range(20):
    print(f"out {number}")
    print(f"err {number}", file=sys.stderr)


class Noisy(Sample):
    """Prints when it starts, too."""

    def start(self):
        print("starting")
        print("started", file=sys.stderr)
