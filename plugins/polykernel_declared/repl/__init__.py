"""Wraps a REPL: a program that is spoken with through a terminal, as a declaration says."""
