"""A recording that was cut into pieces is one note again."""

import numpy as np

from instrument.envelopes import course_of
from instrument.played_notes import PlayedNote, whole_notes

WHOLE = np.concatenate([np.linspace(-60.0, -20.0, 30), np.full(500, -20.0), np.linspace(-20.0, -70.0, 70)])


def piece(number, level_db, midi=60.0, file="flute/a.wav"):
    return PlayedNote("flute", midi, np.nan, level_db, np.full(2, float(number)), np.zeros(1), (file, number))


def cut(levels, **more):
    """Pieces of two seconds, whose levels fall by 6 dB in the window that reaches over the cut."""
    found = []
    for number, start in enumerate(range(0, len(levels), 200)):
        part = levels[start : start + 200].copy()
        part[:3] -= 6.0 * (number > 0)
        part[-3:] -= 6.0 * (start + 200 < len(levels))
        found.append(piece(number, part, **more))
    return found


def test_pieces_of_one_pitch_are_one_note_with_its_begin_and_end():
    """In whatever order they come; what the cuts did to the level is bridged over."""
    pieces = cut(WHOLE)
    (note,) = whole_notes([pieces[1], pieces[2], pieces[0]])
    assert np.allclose(note.level_db, WHOLE, atol=1e-9)
    assert np.array_equal(note.positions, [1.0, 1.0]) and note.midi == 60.0
    course = course_of(note.level_db)
    assert course.loop is not None and course.db[0] < -30.0 and course.db[course.release - 50] == 0.0


def test_what_has_no_begin_is_no_note():
    assert whole_notes(cut(WHOLE)[1:]) == []


def test_several_notes_in_a_file_stay_pieces():
    pieces = [piece(0, WHOLE[:200], 60.0), piece(1, WHOLE[:200], 64.0)]
    assert whole_notes(pieces) == pieces


def test_notes_that_were_not_cut_stay_as_they_are():
    notes = [PlayedNote("flute", 60.0, 0.5, WHOLE, np.zeros(2), np.zeros(1)) for _ in range(3)]
    assert all(one is other for one, other in zip(whole_notes(notes), notes, strict=True))
