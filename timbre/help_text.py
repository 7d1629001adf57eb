"""Help that fits 80 columns."""

import argparse
import shutil
import textwrap
from collections.abc import Sequence

WIDTH = 80


class HelpText(argparse.HelpFormatter):
    """Wraps a description; leaves a text of several lines, such as examples, as it is written."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=min(WIDTH, shutil.get_terminal_size().columns) - 2)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


def two_columns(rows: Sequence[tuple[str, str]], width: int) -> str:
    """Lines of a word each and what is said of it, wrapped beside a first column of a width."""
    return "\n".join(_row(word, said, width) for word, said in rows)


def _row(word: str, said: str, width: int) -> str:
    start = f"  {word:<{width}}  "
    if len(word) > width:
        start, said = f"  {word}\n{' ' * (width + 4)}", said
    lines = textwrap.wrap(said, WIDTH - 1 - (width + 4))
    return (start + f"\n{' ' * (width + 4)}".join(lines)).rstrip()
