"""Is the second half the first one read backwards?"""

from typing import ClassVar

from rnnlab.tasks.halves import Halves


class Palindrome(Halves):
    """As `Halves`, but class 1 is a second half that mirrors the first; class 0 never does.

    A second half that repeats the first without mirroring it is class 0.
    """

    classes: ClassVar[tuple[str, ...]] = ("other", "mirrored")
    mirrored: ClassVar[bool] = True
