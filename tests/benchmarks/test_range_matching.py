"""The rules that are compared, and how levels are."""

from functools import partial

import numpy as np
import pytest
import torch

from benchmarks.range_matching import at_home, heard, known, tone_transfer_octaves
from benchmarks.render_level import WAYS, LevelError, level_error, phrase
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder


@pytest.fixture
def model(second):
    return TimbreAutoencoder(second, decoder=partial(GruDecoder, width=4)).eval()


@pytest.mark.parametrize(
    ("source", "target", "octaves"),
    [(60, 61, 1), (60, 60, 0), (60, 72, 1), (60, 77, 2), (60, 79, 1), (72, 60, -1), (60, 59, 0)],
)
def test_tone_transfers_rule(source, target, octaves):
    """Upwards unless it is more than 1.5 octaves: a semitone costs eleven."""
    assert tone_transfer_octaves(source, target) == octaves


def test_errors_are_counted_where_it_sounds():
    error = LevelError(torch.tensor([1.0, 3.0, 9.0, -9.0]), torch.tensor([True, True, False, False]))
    assert error.mean_db == 2.0 and error.louder_pauses == 0.5 and error.of_parts(2)[0] == 2.0


def test_a_phrase_has_pauses():
    row = phrase([np.ones(100, np.float32)] * 2, 1000, 0.05)
    assert len(row) == 300 and np.abs(row[100:150]).max() < 0.01 and (row[150:250] == 1.0).all()


def test_a_note_is_at_home_in_itself(model, second, harmonic_tone):
    audio = 0.3 * harmonic_tone(second, 330.0)[0].numpy()
    note = heard(model, audio)
    training = known(model, [note])
    pitch, knobs, off = at_home(model, training, note, 0, [None] * 5)
    assert pitch > 0.95 and knobs > 0.9 and off < 0.5
    assert at_home(model, training, note, 1, [None] * 5).pitch == 0.0
    matched = level_error(model, audio, note.f0_hz, WAYS["open, matched"])
    assert abs(matched.mean_db) < 0.5
