"""Turning knobs by hand: the mean goes where asked, the contour stays, and nothing else moves."""

from functools import partial

import pytest
import torch

from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder
from lightning_modules.encoders import DisentangledEncoder, Encoding, Trunk
from lightning_modules.knobs import sweep, turn
from synths import sounding_mean

KNOBS = ["loudness", "brightness", "noisiness"]


@pytest.fixture
def encoding():
    """Two clips of 12 frames."""
    return Encoding(torch.rand(2, 12, 3), torch.randn(2, 12, 4), {})


@pytest.fixture
def sounding():
    """The first clip stops after 5 frames, the second starts after 3."""
    mask = torch.ones(2, 12)
    mask[0, 5:], mask[1, :3] = 0, 0
    return mask


def test_position_sets_the_mean_and_keeps_the_contour(encoding, sounding):
    """The mean over sounding frames is where asked in every clip; all frames move alike; the rest stands still."""
    turned = turn(encoding, sounding, KNOBS, {"brightness": 0.7}, {})
    mean = [turned.controls[0, :5, 1].mean(), turned.controls[1, 3:, 1].mean()]
    assert [value.item() for value in mean] == pytest.approx([0.7, 0.7], abs=1e-6)
    moved = turned.controls - encoding.controls
    torch.testing.assert_close(moved[..., 1], moved[:, :1, 1].expand(2, 12))
    assert not moved[..., [0, 2]].any()
    assert turned.residual is encoding.residual


def test_nudge_moves_by_as_much(encoding, sounding):
    """From wherever it is."""
    moved = turn(encoding, sounding, KNOBS, {}, {"noisiness": -0.25}).controls - encoding.controls
    torch.testing.assert_close(moved, torch.tensor([0.0, 0.0, -0.25]).expand(2, 12, 3))


def test_several_at_once(encoding, sounding):
    """Positions and nudges of one knob add up, of several stay apart."""
    turned = turn(encoding, sounding, KNOBS, {"loudness": 0.5, "brightness": 0.2}, {"brightness": 0.1})
    mean = sounding_mean(turned.controls, sounding)
    torch.testing.assert_close(mean[:, :2], torch.tensor([[0.5, 0.3], [0.5, 0.3]]))


def test_nothing_asked_changes_nothing(encoding, sounding):
    """As it was taken."""
    assert turn(encoding, sounding, KNOBS, {}, {}).controls.equal(encoding.controls)


def test_where_the_knobs_came_from_is_kept(encoding, sounding):
    """Though they are turned twice."""
    once = turn(encoding, sounding, KNOBS, {"brightness": 0.7}, {})
    assert turn(once, sounding, KNOBS, {"loudness": 0.2}, {}).own is encoding.controls


def test_the_original_stays(encoding, sounding):
    """Turning makes a new encoding."""
    before = encoding.controls.clone()
    turn(encoding, sounding, KNOBS, {"loudness": 1.0}, {})
    assert encoding.controls.equal(before)


@pytest.mark.parametrize(
    ("positions", "nudges", "message"),
    [
        ({"warmth": 0.5}, {}, "there is no knob 'warmth': this model has loudness, brightness, noisiness."),
        ({}, {"warmth": 0.5}, "there is no knob 'warmth'"),
        ({"brightness": 7.0}, {}, "brightness=7 is out of range: a knob goes from 0 to 1"),
        ({"brightness": -0.01}, {}, "brightness=-0.01 is out of range"),
        ({"brightness": float("nan")}, {}, "brightness=nan is out of range"),
        ({"brightness": float("inf")}, {}, "brightness=inf is out of range"),
        ({}, {"loudness": 1.5}, r"loudness=\+1.5 is out of range: a knob moves by -1 to \+1"),
        ({}, {"loudness": float("nan")}, r"loudness=\+nan is out of range"),
    ],
)
def test_nonsense_is_refused(encoding, sounding, positions, nudges, message):
    """In one sentence that says what would do."""
    with pytest.raises(ValueError, match=message):
        turn(encoding, sounding, KNOBS, positions, nudges)


def test_model_without_knobs_says_so(encoding, sounding):
    """The plain autoencoder has none to turn."""
    with pytest.raises(ValueError, match="this model has none"):
        turn(encoding._replace(controls=torch.zeros(2, 12, 0)), sounding, [], {"loudness": 0.5}, {})


@pytest.mark.parametrize("position", [0.0, 1.0])
def test_the_ends_are_allowed(encoding, sounding, position):
    """0 and 1 are positions."""
    turned = turn(encoding, sounding, KNOBS, {"loudness": position}, {})
    torch.testing.assert_close(sounding_mean(turned.controls, sounding)[:, 0], torch.full((2,), position))


def test_sweep(clip_format, harmonic_tone):
    """P renderings of every clip, each measured by the knob's own descriptor on what came out."""
    model = TimbreAutoencoder(clip_format, decoder=partial(GruDecoder, width=16)).eval()
    audio = torch.cat([harmonic_tone(clip_format, 220.0), 0.2 * harmonic_tone(clip_format, 330.0)])
    f0_hz = torch.tensor([[220.0], [330.0]]).expand(2, clip_format.n_frames)
    swept = sweep(model, audio, f0_hz, "sharpness", [0.1, 0.5, 0.9])
    assert swept.asked_positions.tolist() == pytest.approx([0.1, 0.5, 0.9])
    assert swept.measured_positions.shape == (2, 3) and swept.audio.shape == (2, 3, clip_format.n_samples)
    every = model.encoder.judged_every
    again = sounding_mean(
        model.encoder.knob_positions(swept.audio[:, 2], f0_hz), model.encoder.sounding(audio, every), every
    )
    torch.testing.assert_close(swept.measured_positions[:, 2], again[:, model.encoder.knobs.index("sharpness")])


def test_factors_can_be_turned_and_do_not_disturb_a_sweep(clip_format, harmonic_tone):
    """A control that is learnt from labels is moved by its name; a knob is swept with the factors beside it."""
    encoder = partial(DisentangledEncoder, factors=["vco_2.shape"], trunk=partial(Trunk, width=16))
    model = TimbreAutoencoder(clip_format, encoder, decoder=partial(GruDecoder, width=16)).eval()
    audio, f0_hz = harmonic_tone(clip_format, 220.0), torch.full((1, clip_format.n_frames), 220.0)
    encoding, sounding = model.encoder(audio, f0_hz), model.encoder.sounding(audio)
    turned = turn(encoding, sounding, model.encoder.controls, {"vco_2.shape": 0.25}, {})
    assert sounding_mean(turned.controls, sounding)[0, -1].item() == pytest.approx(0.25, abs=1e-5)
    assert turned.controls[..., :-1].equal(encoding.controls[..., :-1])
    swept = sweep(model, audio, f0_hz, "noisiness", [0.2, 0.8])
    assert swept.measured_positions.shape == (1, 2) and swept.measured_positions.isfinite().all()
