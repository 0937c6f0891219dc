"""Imports nothing of its own."""

import sys

from polykernel.evaluator import Evaluator


class Bare(Evaluator):
    def execute(self, code, cell):
        return " ".join(sys.modules)
