"""Polykernel beside its peers: every kernel driven by one bare client, in interleaved rounds."""
