"""Pictures of matplotlib as PNG or SVG."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from output.whole_files import written_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 130


def png_bytes(figure: "Figure") -> bytes:
    """A figure -> the bytes of its PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    return buffer.getvalue()


def svg_bytes(figure: "Figure") -> bytes:
    """A figure -> the bytes of its SVG, whose words are text in the reader's own letters; the same at every call."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "timbre", "font.family": "sans-serif"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def save_png(figure: "Figure", path: Path) -> None:
    """Write a figure as PNG, making the folder it goes to."""
    with written_whole(path) as partial:
        partial.write_bytes(png_bytes(figure))
