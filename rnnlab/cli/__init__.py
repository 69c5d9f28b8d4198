"""The command line: one file per command, which imports its work lazily."""
