"""``make soak``: soaks for as long as asked, or replays one round of a seed."""

from __future__ import annotations

import argparse
import random
import sys

from soak import soaking

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=None, help="what all is drawn from")
    parser.add_argument("--round", type=int, default=None, help="run this round alone")
    options = parser.parse_args()
    seed = random.randrange(10**6) if options.seed is None else options.seed
    sys.exit(soaking.main(seed, options.minutes * 60, options.round))
