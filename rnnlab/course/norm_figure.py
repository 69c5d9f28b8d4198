"""Gradient norms at the tokens by position, over seeds."""

from matplotlib.figure import Figure

from rnnlab.course.evidence import Course
from rnnlab.reports.blocks import Picture
from rnnlab.reports.style import arrange, label, line_style, log_y, panels, styled

PLACES = ("start", "middle", "end")


def norm_picture(course: Course, preset: str) -> Picture:
    """Returns a panel for the untrained net, one for the trained net, a line a token."""
    title = f"Gradient norm at the tokens by position, {preset}"
    reading = (
        "The axes are logarithmic: a step up is a factor. A line is the median over seeds, the band round it "
        "holds all seeds."
    )
    terms = ("gradient norm", "ratio to the end")
    return Picture(f"norms-{preset}", title, draw_norms(course, preset), reading, terms)


@styled
def draw_norms(course: Course, preset: str) -> Figure:
    """Returns the figure of `norm_picture`; a norm of zero has no place on it."""
    figure, axes = panels(2)
    for panel, trained in zip(axes, (False, True), strict=True):
        for number, token in enumerate(course.tokens):
            column = f"{token[1:-1]}_norm"
            norms = [course.gradient(preset, place, column, trained=trained) for place in PLACES]
            drawn = [(place, norm) for place, norm in zip(PLACES, norms, strict=True) if norm.middle > 0]
            if drawn:
                places, kept = zip(*drawn, strict=True)
                style = line_style(number, len(places))
                panel.plot(places, [norm.middle for norm in kept], label=label(token), **style)
                low, high = ([extreme(norm.known) for norm in kept] for extreme in (min, max))
                panel.fill_between(places, low, high, color=style["color"], alpha=0.18, linewidth=0)
        log_y(panel)
        panel.margins(x=0.1)
        net = "trained" if trained else "untrained"
        panel.set_title(f"gradient norm, {net} net (nats per unit of the embedding)")
    axes[-1].set_xlabel("position of the token")
    return arrange(figure, axes, same_lines=True)
