"""What each command does, as functions that a notebook calls, too."""
