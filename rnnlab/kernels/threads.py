"""Independent parts of a scan at once, on threads of one's own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """Runs functions that share nothing; what they return does not depend on how many run at once.

    count: how many threads, the caller's among them; prepare: what each further thread does first.
    """

    def __init__(self, count: int = 1, prepare: Callable[[], object] | None = None) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count - 1, initializer=prepare) if count > 1 else None

    def each(self, functions: Sequence[Callable[[], T]]) -> list[T]:
        """Returns what each function returns, in their order."""
        if self._pool is None or len(functions) < 2:
            return [function() for function in functions]
        waiting = [self._pool.submit(function) for function in functions[1:]]
        return [functions[0](), *(future.result() for future in waiting)]
