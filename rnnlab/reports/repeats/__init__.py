"""Runs that differ only in seed, taken together, and such groups beside each other."""
