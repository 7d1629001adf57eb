"""What is said of matching."""

import pytest
import torch

from instrument.matching import Matched
from lightning_modules.encoders.training_frames import TrainingFrames
from timbre.render_report import sentences


@pytest.fixture
def training():
    """Notes from A3 to A4."""
    frames = TrainingFrames(0)
    frames.learn([], torch.tensor([220.0, 440.0]))
    return frames


def test_nothing_is_said_of_nothing(training):
    assert sentences(Matched(), training) == []
    assert sentences(Matched(pitch_at_home=(0.9, 0.9), gain_db=[torch.zeros(9)], pause_db=[-0.5]), training) == []


def test_gains_and_pauses_are_said(training):
    matched = Matched(gain_db=[torch.full((50,), 2.0), torch.full((50,), -1.0)], pause_db=[-3.0, -12.4])
    assert sentences(matched, training) == [
        "Matched: a gain of -1.0 to +2.0 dB keeps the recording's level; pauses are lowered by up to 12 dB, to the "
        "recording's."
    ]


def test_silence_is_not_counted_in_decibels(training):
    said = sentences(Matched(pause_db=[-194.0]), training)
    assert said == ["Matched: pauses are lowered by 60 dB and more, to the recording's."]


@pytest.mark.parametrize(
    ("matched", "words"),
    [
        (Matched(-2, -2, (0.0, 0.97)), "Played 2 octaves lower: 97 % of the pitch lies among the training notes' (220"),
        (Matched(1, 1, None), "Played an octave higher."),
        (
            Matched(0, 1, (0.2, 0.2)),
            "Only 20 % of the pitch lies among the training notes' (220 to 440 Hz): --octave 1",
        ),
        (Matched(knobs_at_home={"level": 0.5}), "was in their range: level 50 %."),
    ],
)
def test_pitch_and_knobs_are_said(training, matched, words):
    assert words in " ".join(sentences(matched, training))
