"""Envelopes and presets are those of real notes: medoids, with their loop where they are held."""

import base64
import json

import numpy as np
import pytest

from instrument.envelopes import checked_banks, course_of, envelope_bank
from instrument.level_fit import level_fit
from instrument.played_notes import PlayedNote, by_instrument


def held(attack=10, sustain=150, release=20, ripple=0.0):
    """A note that rises, stays and falls, at 100 Hz, with silence around it."""
    wave = ripple * np.sin(np.arange(sustain) / 5.0)
    rise, fall = np.linspace(-50.0, 0.0, attack), np.linspace(0.0, -55.0, release)
    silence = np.full(10, -80.0)
    return np.concatenate([silence, rise, wave - max(0.0, ripple), fall, silence])


def note(level_db, midi=60.0, velocity=float("nan"), instrument="flute"):
    return PlayedNote(instrument, midi, velocity, level_db - 20.0, np.zeros(2), np.zeros(1))


def opened(cell):
    """The curve of a cell in dB below its top."""
    return np.frombuffer(base64.b64decode(cell["db"]), np.uint8) / -2.0


def test_a_held_note_has_a_loop_between_its_attack_and_its_release():
    course = course_of(held())
    first, last = course.loop
    assert 10 <= first < last <= course.release
    assert 155 <= course.release <= 170
    assert np.all(course.db[first : last + 1] == 0.0)
    assert course.db[0] == pytest.approx(-50.0, abs=6.0) and course.db[-1] == -80.0


def test_a_note_that_dies_away_has_none():
    decay = np.concatenate([np.full(5, -80.0), np.linspace(0.0, -50.0, 150), np.full(20, -80.0)])
    assert course_of(decay).loop is None


def test_a_bank_is_of_notes_that_were_played():
    """The middle one of three that are played alike, to the quarter decibel that a byte tells."""
    notes = [note(held(attack), midi, 0.5) for midi in (48.0, 60.0, 72.0) for attack in (10, 14, 80)]
    cells = envelope_bank("flute", [*notes, *(note(held(10), midi, 0.9) for midi in (48.0, 60.0, 72.0) * 3)])["cells"]
    assert [cell["velocity"] for cell in cells] == [0.5, 0.9] * 3
    for cell, attack in zip(cells, (14, 10) * 3, strict=True):
        assert np.abs(opened(cell) - course_of(held(attack)).db).max() <= 0.25 + 1e-9


def test_a_bank_goes_from_low_to_high_and_soft_to_loud():
    notes = [note(held(10 + n), midi, velocity) for n, midi in enumerate((48, 60, 72)) for velocity in (0.2, 0.9)]
    cells = envelope_bank("flute", notes)["cells"]
    assert [(cell["midi"], cell["velocity"]) for cell in cells] == [
        (48, 0.2), (48, 0.9), (60, 0.2), (60, 0.9), (72, 0.2), (72, 0.9),
    ]  # fmt: skip


def test_a_bank_comes_back_as_it_was_written_and_a_wrong_one_is_refused():
    """What would lead the player beyond the curve, or to no number, is no bank."""
    bank = envelope_bank("flute", [note(held(), midi) for midi in (48.0, 60.0, 72.0)])
    assert checked_banks(json.loads(json.dumps([bank]))) == json.loads(json.dumps([bank]))
    longest = len(opened(bank["cells"][0]))
    for wrong in (
        {"loop": [5, longest]},
        {"loop": [9, 9]},
        {"release": -1},
        {"db": "?"},
        {"midi": float("nan")},
        {"db": 1},
    ):
        cells = [bank["cells"][0] | wrong]
        with pytest.raises(ValueError, match="envelopes are none"):
            checked_banks([{"name": "flute", "cells": cells}])
    with pytest.raises(ValueError, match="envelopes are none"):
        checked_banks({"name": "flute"})


def test_where_nobody_says_how_hard_they_were_played_the_louder_of_a_pitch_counts_as_harder():
    """High notes are louder than low ones, and are not therefore played harder."""
    notes = [note(held() + midi + louder, midi) for midi in (48.0, 60.0, 72.0) for louder in (0.0, 3.0)]
    cells = envelope_bank("flute", notes)["cells"]
    assert [(cell["midi"], cell["velocity"]) for cell in cells] == [(m, v) for m in (48, 60, 72) for v in (0.0, 1.0)]


def test_an_instrument_needs_some_notes():
    notes = [note(held()) for _ in range(4)] + [note(held(), instrument="tuba")]
    assert {name: len(found) for name, found in by_instrument(notes).items()} == {"flute": 4}


def test_the_level_follows_velocity_and_pitch():
    """Four numbers that gave the levels are found again; nothing where notes do not tell how hard they were played."""
    known, notes = np.array([-30.0, 12.0, 1.5, -0.5]), []
    for midi in range(40, 90, 5):
        for velocity in (0.2, 0.5, 0.9):
            octaves = (midi - 60.0) / 12.0
            top = known @ np.array([1.0, velocity, octaves, octaves**2])
            notes.append(note(held() + top + 20.0, float(midi), velocity))
    assert level_fit(notes) == pytest.approx(known, abs=0.002)
    assert level_fit([note(held()) for _ in range(40)]) is None
