"""Help in 80 columns."""

import argparse

from timbre.help_text import HelpText, two_columns


def test_a_description_is_wrapped_and_examples_are_not(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    parser = argparse.ArgumentParser(
        "x", description="word " * 40, epilog="examples:\n  x  y", formatter_class=HelpText
    )
    lines = parser.format_help().splitlines()
    assert max(map(len, lines)) <= 80 and lines[-2:] == ["examples:", "  x  y"]


def test_a_long_word_has_a_line_alone_and_long_words_are_wrapped_beside_the_first():
    said = two_columns([("a", "b " * 60), ("longer", "c")], 4)
    lines = said.splitlines()
    assert lines[0].startswith("  a     b b") and max(map(len, lines)) <= 80
    assert all(line.startswith("        b") for line in lines[1:-2]) and lines[-2:] == ["  longer", "        c"]
