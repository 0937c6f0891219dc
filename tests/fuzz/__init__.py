"""Coverage-guided fuzzing of what reads bytes of strangers: the wire, and the host's channel."""
