"""The command line: one file a command, which imports its work lazily."""
