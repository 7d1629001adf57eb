"""The pitch that is told after a shift is the pitch that is heard."""

import numpy as np
import pytest
import torch

from datamodules import Yin
from datamodules.augmentation import Augmenter, PitchShift
from synths.clip import Clip, ClipFormat

FORMAT = ClipFormat(sample_rate=16000, n_samples=16000, hop=160)


def glide(from_hz: float, to_hz: float) -> Clip:
    """Four partials that glide, and their exact pitch."""
    octaves = np.log2(to_hz / from_hz)
    f0_hz = from_hz * 2 ** (octaves * np.arange(FORMAT.n_samples) / FORMAT.n_samples)
    phase = 2 * np.pi * np.cumsum(f0_hz) / FORMAT.sample_rate
    audio = sum(0.2 / partial * np.sin(partial * phase) for partial in (1, 2, 3, 4))
    frames = torch.from_numpy(f0_hz[:: FORMAT.hop]).float()[None]
    return Clip(torch.from_numpy(audio).float()[None], frames, torch.full_like(frames, 0.9), ["a"], {})


def shifted(clips: Clip, semitones: float) -> Clip:
    return Augmenter([PitchShift(semitones, semitones, 1)], FORMAT)(clips, 0)


@pytest.mark.parametrize("semitones", [-12, -3.3, -0.7, 0.8, 3.3, 12])
@pytest.mark.parametrize("ends_hz", [(330, 330), (200, 320), (500, 300)])
def test_yin_hears_the_pitch_that_is_told(semitones, ends_hz):
    before = glide(*ends_hz)
    after = shifted(before, semitones)
    heard = Yin().track(after.audio[0].numpy(), FORMAT).f0_hz
    sounds = np.flatnonzero(after.confidence[0].numpy())[8:-8]
    cents = 1200 * np.log2(heard / after.f0_hz[0].numpy())[sounds]
    assert len(sounds) > 30 and np.abs(np.median(cents)) < 4.5 and np.percentile(np.abs(cents), 90) < 10


def test_the_shift_is_within_15_cents_of_the_drawn_one():
    before = glide(330, 330)
    for semitones in np.linspace(-4, 4, 81):
        ratio = (shifted(before, semitones).f0_hz[0, 0] / before.f0_hz[0, 0]).item()
        assert 12 * np.log2(ratio) == pytest.approx(semitones, abs=0.15)


def test_up_is_shorter_and_padded_with_silence_and_doubt():
    after = shifted(glide(330, 330), 12)
    assert after.audio[0, 8100:].abs().max() == 0 and after.audio[0, 7000:7800].abs().max() > 0.2
    assert (after.confidence[0, :49] == pytest.approx(0.9)) and (after.confidence[0, 52:] == 0).all()
    assert (after.f0_hz > 0).all()


def test_the_end_of_a_shortened_clip_does_not_click():
    after = shifted(glide(330, 330), 5)
    last = int(after.audio[0].nonzero().max())
    assert after.audio[0].diff()[last - 20 :].abs().max() < 0.05 * after.audio[0].diff().abs().max()


def test_down_is_longer_and_cut():
    after = shifted(glide(330, 330), -12)
    assert after.audio[0, -400:].abs().max() > 0.2 and (after.confidence == pytest.approx(0.9))


@pytest.mark.parametrize("semitones", [-7, 7])
def test_the_level_stays(semitones):
    before, after = glide(330, 330), shifted(glide(330, 330), semitones)
    inside = slice(1000, 9000)
    assert after.audio[0, inside].std().item() == pytest.approx(before.audio[0, inside].std().item(), rel=0.01)


def test_what_would_lie_beyond_nyquist_does_not_fold_down():
    phase = 2 * np.pi * 7000 * np.arange(FORMAT.n_samples) / FORMAT.sample_rate
    clips = glide(330, 330)._replace(audio=torch.from_numpy(0.2 * np.sin(phase)).float()[None])
    assert shifted(clips, 6).audio[0, 500:9000].abs().max() < 1e-3


def test_ranges_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="PitchShift draws a shift in semitones from 4 to -4"):
        PitchShift(4, -4)
