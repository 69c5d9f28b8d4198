"""The one console of rich that rnnlab prints on."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from rnnlab.core.printable import escaped_lines


class PlainConsole(Console):
    """A console that obeys nothing in a text: no markup, no names of emoji, no control characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yields what is to be printed, all of it visible."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(escaped_lines(text), style)
