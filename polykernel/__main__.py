"""``python -m polykernel``: what kernelspecs call."""

import sys

from polykernel.cli import main

if __name__ == "__main__":
    sys.exit(main())
