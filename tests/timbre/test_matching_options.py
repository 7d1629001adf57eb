"""--match and --octave: what they mean, and what is refused."""

from functools import partial

import pytest
import torch

from instrument.matching import Matching
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder
from timbre.matching_options import matching_of, octaves_asked


@pytest.fixture
def model(clip_format):
    return TimbreAutoencoder(clip_format, decoder=partial(GruDecoder, width=4))


@pytest.mark.parametrize(
    ("match", "octave", "bare", "matching"),
    [
        (None, None, False, Matching(level=True)),
        (None, None, True, Matching()),
        ("level", None, True, Matching(level=True)),
        ("off", "-1", False, Matching(octaves=-1)),
        ("all", None, True, Matching(True, True, None)),
        ("all", 0, False, Matching(True, True, 0)),
        (None, "auto", False, Matching(True, False, None)),
    ],
)
def test_what_is_matched(model, match, octave, bare, matching):
    model.encoder.training_frames.learn([torch.ones(9)] * 5, torch.full((9,), 440.0))
    assert matching_of(match, octave, bare, model) == (matching, "")


@pytest.mark.parametrize(
    ("match", "octave", "matching"),
    [("all", None, Matching(level=True)), (None, "auto", Matching(level=True)), ("all", "2", Matching(True, False, 2))],
)
def test_a_model_of_before_says_so_and_matches_the_level(model, match, octave, matching):
    given, remark = matching_of(match, octave, False, model)
    assert given == matching and "Train it again for --match all and --octave auto." in remark


@pytest.mark.parametrize("octave", ["up", "5", "-5", "1.5", ""])
def test_what_is_no_octave_is_refused(octave):
    with pytest.raises(ValueError, match="write auto, or a whole number from -4 to 4"):
        octaves_asked("level", octave)


def test_an_unknown_kind_is_refused(model):
    with pytest.raises(ValueError, match="match is 'loud': choose level, all, off"):
        matching_of("loud", None, False, model)
