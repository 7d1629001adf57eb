"""Notes of a recording: at jumps of pitch, at levels that rise anew, between pauses; and the level they had."""

from types import SimpleNamespace

import numpy as np
import pytest

from melodies.heard_notes import as_written, heard_notes
from melodies.knob_places import midi_to_hz
from melodies.melody_player import MelodyPlayer
from melodies.played_instrument import PlayedInstrument, first_settings
from melodies.player_hand import PlayerHand
from melodies.written_part import WrittenPart, perform_written

KNOB = SimpleNamespace(
    name="level", unit="dB", curve="linear", low=-80.0, high=-5.0, reach=[(21, 0.0, 1.0), (117, 0.0, 1.0)]
)


def phrase():
    """C, a slurred E with vibrato, E again after a dip, a rest, and a soft G: pitch and level at 100 Hz."""
    midi, level_db = np.full(260, 60.0), np.full(260, -90.0)
    time = np.arange(260) / 100.0
    midi[50:150] = 64.0 + 0.4 * np.sin(2 * np.pi * 5.5 * time[50:150])
    midi[180:] = 67.0
    level_db[0:150] = -12.0
    level_db[96:100] = (-16, -21, -25, -24)
    level_db[180:240] = -30.0
    return midi_to_hz(midi), level_db


def test_notes_of_a_phrase():
    notes = heard_notes(*phrase(), 100.0)
    assert [round(note.start_s, 2) for note in notes] == pytest.approx([0.0, 0.5, 0.98, 1.8], abs=0.03)
    assert [note.midi for note in notes] == pytest.approx([60.0, 64.0, 64.0, 67.0], abs=0.2)
    assert [note.end_s for note in notes] == pytest.approx([0.5, 0.98, 1.5, 2.4], abs=0.03)
    assert [note.top_db for note in notes] == [-12.0, -12.0, -12.0, -30.0]


def test_a_slip_of_the_tracker_is_no_note():
    f0_hz, level_db = phrase()
    f0_hz[20:23] *= 2.0
    assert len(heard_notes(f0_hz, level_db, 100.0)) == 4


@pytest.mark.parametrize("fit", [None, (-40.0, 30.0, -3.0, -1.0)])
def test_notes_are_played_as_loud_as_they_were(fit):
    """Whether the strength says so by itself, or as it was learnt."""
    instrument = PlayedInstrument(16000, 160, [KNOB], 0, fit)
    notes = heard_notes(*phrase(), 100.0)
    hand = PlayerHand(MelodyPlayer(instrument, first_settings(1)))
    perform_written(WrittenPart("", as_written(notes, instrument, False)), hand)
    tops = [(75.0 * voice.asked[:, 0] - 80.0).max() for voice in hand.player.finished]
    assert tops == pytest.approx([min(note.top_db, -5.0) for note in notes], abs=0.5)


def test_or_taken_to_the_range_of_the_instrument():
    written = as_written(heard_notes(*phrase(), 100.0), PlayedInstrument(16000, 160, [KNOB], 0), True)
    assert [note.velocity for note in written] == pytest.approx([1.0, 1.0, 1.0, 0.25])
