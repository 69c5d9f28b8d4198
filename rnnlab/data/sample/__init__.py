"""The sample corpus: short film reviews written by a seeded grammar, and vectors trained on its text."""

from rnnlab.data.sample.corpus import write_sample

__all__ = ["write_sample"]
