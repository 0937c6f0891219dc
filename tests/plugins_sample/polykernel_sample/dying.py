"""Can't be loaded, and says why before it ends the process."""

import os
import sys

print("libsample is not there", file=sys.stderr)
os._exit(9)
