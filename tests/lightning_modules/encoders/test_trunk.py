"""What a learned encoder hears: known numbers in the right frames, and nothing of other clips."""

import librosa
import numpy as np
import pytest
import torch
from scipy.fft import dct

from lightning_modules.encoders import Trunk
from synths import ClipFormat


def noise(clip, n_clips=2):
    """(B, N) noise and its (B, F) pitch."""
    return 0.1 * torch.randn(n_clips, clip.n_samples), torch.full((n_clips, clip.n_frames), 220.0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("features", ["log_mel", "mfcc"])
@pytest.mark.parametrize(
    ("sample_rate", "hop", "every"),
    [(16000, 160, 2), (16000, 1024, 1), (44100, 441, 2), (44100, 1024, 1), (48000, 64, 15)],
)
def test_listens_fifty_times_a_second_or_as_often_as_there_are_frames(sample_rate, hop, every, features):
    """(B, F / every, width), for a number of frames that `every` does not divide too; no band is empty."""
    clip = ClipFormat(sample_rate, 31 * hop, hop)
    trunk = Trunk(clip, 16, features)
    heard = trunk(*noise(clip))
    assert trunk.every == every
    assert heard.shape == (2, -(-31 // every), 16) and heard.isfinite().all()


def test_hears_the_mel_spectrum_of_librosa(second):
    """80 triangular bands on O'Shaughnessy's mel scale from 30 Hz, every 20 ms, -30 dB as 0 and 0 dB as 1."""
    audio, _ = noise(second, 1)
    mel = librosa.feature.melspectrogram(
        y=audio[0].numpy(), sr=16000, n_fft=1024, hop_length=320, n_mels=80, fmin=30, htk=True, norm=None,
        pad_mode="constant",
    )  # fmt: skip
    expected = 10.0 * np.log10(mel).T / 30.0 + 1.0
    np.testing.assert_allclose(Trunk(second).hear(audio)[0], expected, atol=1e-3)


def test_mfcc_are_the_cosine_transform_of_the_mel_spectrum(second):
    """The first 30 coefficients, by scipy; all of them where there are fewer bands."""
    audio, _ = noise(second)
    expected = dct(Trunk(second).hear(audio).numpy(), norm="ortho")[..., :30]
    np.testing.assert_allclose(Trunk(second, features="mfcc").hear(audio), expected, atol=1e-4)
    assert Trunk(second, features="mfcc", n_mels=12).hear(audio).shape[-1] == 12


def test_a_clip_alone_is_the_same_as_in_a_batch(second):
    """Clips do not hear each other."""
    trunk, (audio, f0_hz) = Trunk(second, 16), noise(second, 3)
    torch.testing.assert_close(trunk(audio[1:2], f0_hz[1:2]), trunk(audio, f0_hz)[1:2], atol=1e-5, rtol=1e-5)


def test_hears_what_was_and_what_will_be(second):
    """A click in the middle is heard 100 ms before and after it; one of the pitch everywhere."""
    trunk, (audio, f0_hz) = Trunk(second, 16), noise(second, 1)
    heard, other = trunk(audio, f0_hz), audio.clone()
    other[:, 25 * 320] *= 100.0
    changed = (trunk(other, f0_hz) - heard).abs().amax(-1)[0]
    assert changed[[20, 30]].min() > 1e-4 and changed[25] > changed[[20, 30]].max()
    assert (trunk(audio, 2.0 * f0_hz) - heard).abs().amax(-1).min() > 1e-4


def test_silence_is_finite_and_teaches_nothing(second):
    """The decibels have a floor."""
    trunk, audio = Trunk(second, 16), torch.zeros(1, second.n_samples, requires_grad=True)
    heard = trunk(audio, torch.full((1, 100), 220.0))
    (gradient,) = torch.autograd.grad(heard.square().sum(), audio)
    assert heard.isfinite().all() and not gradient.any()


def test_every_weight_learns(second):
    """No layer is left out."""
    trunk = Trunk(second, 16)
    (trunk(*noise(second)) * torch.randn(16)).sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in trunk.parameters())


def test_mixed_precision_does_not_reach_the_spectra(second, monkeypatch):
    """Under bfloat16 the layers round; what they hear is that of full precision."""
    trunk, given = Trunk(second, 16), noise(second)
    exact, heard, hear = trunk.hear(given[0]), [], trunk.hear
    monkeypatch.setattr(trunk, "hear", lambda audio: heard.append(hear(audio)) or heard[-1])
    with torch.autocast("cpu", torch.bfloat16):
        mixed = trunk(*given)
    assert heard[0].equal(exact)
    torch.testing.assert_close(mixed.float(), trunk(*given), atol=0.1, rtol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 7}, "width is 7: it must be even"),
        ({"width": 0}, "width is 0"),
        ({"features": "cqt"}, "features is 'cqt': they are log_mel or mfcc"),
    ],
)
def test_bad_options_are_named(clip_format, options, message):
    """With the value and what would do."""
    with pytest.raises(ValueError, match=message):
        Trunk(clip_format, **options)
