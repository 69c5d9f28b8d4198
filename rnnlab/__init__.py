"""A laboratory for recurrent networks that runs from a shell."""
