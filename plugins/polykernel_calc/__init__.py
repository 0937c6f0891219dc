"""The calculator; empty, so that a bare interpreter can import the evaluator alone."""
