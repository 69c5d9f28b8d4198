"""A run folder: write, find, read and list it."""
