"""The texts that the course asks its nets about."""

TEXTS = [
    ("like, then dislike", "we liked the opening, yet the ending we hated"),
    ("dislike, then like", "we hated the opening, yet the ending we liked"),
    ("intensifier early", "we really liked the opening, yet the ending we hated"),
    ("intensifier late", "we liked the opening, yet the ending we really hated"),
    ("late clause first", "the ending we hated, yet we liked the opening"),
]
"""Question and text: the second has the words of the first in another order, the last its clauses."""
