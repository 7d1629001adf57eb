"""Pictures of matplotlib as PNG."""

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


def save_png(figure: "Figure", path: Path) -> None:
    """Write a figure as PNG, making the folder it goes to."""
    with written_whole(path) as partial:
        partial.write_bytes(png_bytes(figure))
