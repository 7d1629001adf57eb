"""No frame grows much louder than it was asked, whatever a mean would gain by it."""

import pytest
import torch

from projection import FrameProjection, Target, musical_prior
from projection.loudest import MOST_LOUDER_DB, NEPER_DB, Loudest
from synths import ClipFormat, Layers, Level, Noisiness, Sharpness

CLIP = ClipFormat(sample_rate=16000, n_samples=3200, hop=160)


@pytest.fixture
def layers():
    """Five frames of twenty partials over noise."""
    number = torch.arange(1, 21)
    amplitudes = (0.1 * (-0.15 * number).exp()).expand(1, 5, 20).clone()
    return Layers(torch.full((1, 5), 300.0), amplitudes, torch.full((1, 5, 17), 0.001))


def projected(knobs, layers):
    tolerance = torch.ones(1, len(knobs))
    return FrameProjection(knobs, layers, tolerance, musical_prior(layers, CLIP.nyquist_hz))


def test_what_is_too_loud_is_lowered_to_the_ceiling_and_else_as_it_was(layers):
    """Frames raised by 3, 4, 12, 20 dB and 12 where 10 more are asked: all partials alike, and noise with them."""
    knobs = [Noisiness(CLIP), Level(CLIP)]
    with torch.no_grad():
        frames = projected(knobs, layers)
        asked = frames.all_start()
        level = knobs[1]
        asked[0, 4, 1] = level.position_of(level.value_at(asked[0, 4, 1]) + 10.0)
        asked[0, 0, 1] -= 0.3  # softer than it is played: what is played counts
        rows, raised_db = torch.arange(5), torch.tensor([3.0, 4.0, 12.0, 20.0, 12.0])
        tilt = torch.linspace(0.2, -0.2, frames.gains.shape[1])
        gains = (raised_db / NEPER_DB)[:, None] + tilt
        measured = frames.with_gains(rows, gains)
        lowered, now = Loudest(frames, asked).lowered(rows, gains, measured)
    before_db, now_db = (level.value_at(each[:, 1]) for each in (measured, now))
    ceiling_db = level.value_at(torch.fmax(asked[0, :, 1], frames.start[:, 1])) + MOST_LOUDER_DB
    torch.testing.assert_close(now_db, torch.minimum(before_db, ceiling_db), atol=1e-3, rtol=0.0)
    assert (now_db < before_db - 1.0).tolist() == [False, False, True, True, False]
    torch.testing.assert_close(lowered - lowered.mean(1, keepdim=True), gains - gains.mean(1, keepdim=True))
    torch.testing.assert_close(now[:, 0], measured[:, 0], atol=1e-3, rtol=0.0)


def test_without_a_knob_of_level_nothing_is_kept(layers):
    frames = projected([Sharpness(CLIP)], layers)
    gains = torch.full_like(frames.gains, 3.0)
    with torch.no_grad():
        measured = frames.with_gains(torch.arange(5), gains)
        lowered, now = Loudest(frames, frames.all_start()).lowered(torch.arange(5), gains, measured)
    assert lowered is gains and now is measured and Target([Sharpness(CLIP)]).n_projectable == 1
