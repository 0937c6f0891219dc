"""The language Python; empty, so that a bare interpreter can import the evaluator alone."""
