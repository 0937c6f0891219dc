"""What is raised where a kernel did not do in time what it must."""

from __future__ import annotations


class NothingCame(AssertionError):
    """Something that must come has not come in time; the text says what, and what came instead."""
