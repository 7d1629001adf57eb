"""How far a test is: estimates from what was expected, then from what was measured; a bar or lines."""

import io

import pytest

from evaluation.progress import Progress, in_words


class Clock:
    """Moves when it is told to."""

    now_s = 0.0

    def __call__(self):
        return self.now_s


class Terminal(io.StringIO):
    """A file that is a terminal."""

    def isatty(self):
        return True


def test_the_estimate_is_the_expectation_then_what_was_measured():
    """Ten notes of 2 s and four batches of 5 s are 40 s; when a note takes 4 s, all else takes twice as long."""
    clock = Clock()
    progress = Progress(io.StringIO(), clock)
    progress.expect("notes", 10, 2.0)
    progress.expect("curves", 4, 5.0)
    assert progress.expected_s() == 40.0 and progress.share() == 0.0
    progress.begin()
    clock.now_s = 4.0
    progress.done("notes")
    assert progress.expected_s() == pytest.approx(9 * 4 + 4 * 10) and progress.share() == pytest.approx(4 / 80)
    for _ in range(9):
        clock.now_s += 4.0
        progress.done("notes")
    clock.now_s += 5.0
    progress.done("curves")
    assert progress.expected_s() == pytest.approx(15.0)


def test_a_file_gets_a_line_every_half_minute():
    """The part, how much of it, of all, and what is left; nothing of parts that nobody expected."""
    clock, file = Clock(), io.StringIO()
    progress = Progress(file, clock)
    progress.expect("turned knobs", 100, 1.0)
    progress.begin()
    for second in range(100):
        clock.now_s = second + 1.0
        progress.done("turned knobs")
        progress.done("unknown")
    lines = file.getvalue().splitlines()
    assert lines == [
        "Testing: turned knobs 30 of 100; 30 % of all, about 70 s left.",
        "Testing: turned knobs 60 of 100; 60 % of all, about 40 s left.",
        "Testing: turned knobs 90 of 100; 90 % of all, about 10 s left.",
    ]


def test_a_terminal_gets_a_bar_of_80_columns():
    """It names the part, and goes at the end."""
    clock, file = Clock(), Terminal()
    progress = Progress(file, clock)
    progress.expect("sounds of turned knobs", 4, 60.0)
    progress.begin()
    for step in range(4):
        clock.now_s = 60.0 * (step + 1)
        progress.done("sounds of turned knobs")
    progress.end()
    shown = [text for text in file.getvalue().split("\r") if text.strip()]
    assert all(len(text.strip("\n")) <= 80 for text in shown)
    assert any("sounds of turned knobs 2/4" in text and "50 %" in text and "about 2 min left" in text for text in shown)
    assert file.getvalue().endswith("\r") and "\n" not in file.getvalue()


def test_where_nothing_is_shown_nothing_is_written():
    clock, file = Clock(), io.StringIO()
    progress = Progress(file, clock, shown=False)
    progress.expect("notes", 1, 1.0)
    progress.begin()
    clock.now_s = 100.0
    progress.done("notes")
    progress.say("word")
    assert file.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "about 10 s"), (44, "about 40 s"), (95, "about 2 min"), (3000, "about 50 min"), (9000, "about 2.5 h")],
)
def test_in_words(seconds, words):
    assert in_words(seconds) == words
