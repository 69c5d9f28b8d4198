"""`rnnlab bench`: how fast nets train here, beside plain PyTorch and JAX on the same machine, in one run.

problem → engines, plain_torch, plain_jax → timing → epochs, layers, own_cell, cost, memory → bench: what is
trained, as arrays; who trains it; how turns are taken and timed; the questions; all of them, written down.
"""
