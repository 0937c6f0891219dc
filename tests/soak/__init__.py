"""The soak: random front ends do random things to many kernels for long, and nothing is lost.

``make soak`` runs it; ``test_soak`` does for two minutes. All is drawn from one seed, in rounds: at
the end of each round the kernels are at rest, and what has come is held against what is right.
"""
