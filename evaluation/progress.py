"""How far a test is, which part of it runs, and how long it may still take."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from tqdm import tqdm

LINE_EVERY_S = 30.0
COLUMNS = 79


@dataclass
class Stage:
    """One part of a test.

    Args:
        n: how many notes or batches it has
        cost_s: seconds that one of them is expected to take, before any is measured
    """

    n: int
    cost_s: float
    n_done: int = 0
    taken_s: float = 0.0

    def left_s(self, pace: float) -> float:
        """Seconds that it will still take: at its measured speed, or at `pace` times the expected cost."""
        each = self.taken_s / self.n_done if self.n_done else pace * self.cost_s
        return max(0, self.n - self.n_done) * each


class Progress:
    """A bar in a terminal; in a file a line every half minute.

    Args:
        file: what it is written to; None for standard output
        clock: seconds
        shown: whether anything is
    """

    def __init__(
        self, file: TextIO | None = None, clock: Callable[[], float] = time.monotonic, shown: bool = True
    ) -> None:
        self.file, self.clock, self.shown = file, clock, shown
        self.parts: dict[str, Stage] = {}
        self._bar: tqdm | None = None
        self._last_s = self._line_s = clock()

    def expect(self, part: str, n: int, cost_s: float) -> None:
        """A part that is to come."""
        if n:
            self.parts[part] = Stage(n, cost_s)

    def expected_s(self) -> float:
        """Seconds that all that is left may take."""
        done = [part for part in self.parts.values() if part.n_done]
        expected_s = sum(part.n_done * part.cost_s for part in done)
        pace = sum(part.taken_s for part in done) / expected_s if expected_s else 1.0
        return sum(part.left_s(pace) for part in self.parts.values())

    def share(self) -> float:
        """How much of the work is done, 0..1."""
        taken_s = sum(part.taken_s for part in self.parts.values())
        return taken_s / max(taken_s + self.expected_s(), 1e-9)

    def begin(self) -> None:
        """From here on time counts."""
        self._last_s = self._line_s = self.clock()
        if self.shown and (self.file or sys.stdout).isatty():
            layout = "{desc} {percentage:3.0f} %|{bar}|{postfix}"
            self._bar = tqdm(total=1.0, ncols=COLUMNS, bar_format=layout, file=self.file or sys.stdout)
            self._bar.set_description_str("Testing")

    def done(self, part: str) -> None:
        """One more note or batch of a part."""
        now_s, found = self.clock(), self.parts.get(part)
        if found is None:  # its time counts as that of the next
            return
        found.n_done, found.taken_s = found.n_done + 1, found.taken_s + now_s - self._last_s
        self._last_s = now_s
        if self._bar is not None:
            self._bar.n = self.share()
            self._bar.set_description_str(f"{part} {found.n_done}/{found.n}", refresh=False)
            self._bar.set_postfix_str(f"{in_words(self.expected_s())} left")
        elif self.shown and now_s - self._line_s >= LINE_EVERY_S:
            self._line_s = now_s
            self._say(
                f"Testing: {part} {found.n_done} of {found.n}; {100 * self.share():.0f} % of all, "
                f"{in_words(self.expected_s())} left."
            )

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.leave = False
            self._bar.close()
            self._bar = None

    def say(self, sentence: str) -> None:
        """A line of its own."""
        if self.shown:
            self._say(sentence)

    def _say(self, sentence: str) -> None:
        print(sentence, file=self.file or sys.stdout, flush=True)


def in_words(seconds: float) -> str:
    """A stretch of time, about."""
    if seconds < 90:
        return f"about {max(10, round(seconds, -1)):.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 90 * 60 else f"about {seconds / 3600:.1f} h"
