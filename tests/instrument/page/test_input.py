"""A voice outside the model's range is moved by octaves into it."""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("midi", "before", "octaves"),
    [(60, 0, 0), (47.5, 0, 0), (40, 0, 1), (20, 0, 3), (90, 0, -2), (72.6, 0, 0), (48.5, 1, 0), (73.5, -1, -1)],
)
def test_by_whole_octaves_and_no_more_than_it_takes(in_node, midi, before, octaves):
    assert in_node("settings.js keys.js input.js", "octavesInto([48, 72], given.midi, given.before)",
                   midi=midi, before=before) == octaves  # fmt: skip


def test_two_rows_of_a_typewriter_are_two_octaves(in_node):
    typed = in_node("keys.js", """["KeyZ", "KeyM", "KeyQ", "KeyI", "Digit2", "KeyA"].map(typedSemitones)""")
    assert typed == [0, 11, 12, 24, 13, None]
    assert in_node("keys.js", "[0, 1, 2].map(velocityAt)") == [0.3, 1, 1]
