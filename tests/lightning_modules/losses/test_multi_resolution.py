"""The reconstruction loss against plain auraloss."""

import pytest
import torch
from auraloss.freq import MultiResolutionSTFTLoss

from lightning_modules.losses import MultiResolution
from synths import ClipFormat


def test_zero_of_itself(clip_format):
    """A sound is at no distance from itself."""
    audio = torch.randn(2, 3200)
    assert MultiResolution(clip_format)(audio, audio).item() == 0.0


@pytest.mark.parametrize(("linear", "logarithmic"), [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.3, 2.0)])
def test_equals_auraloss(linear, logarithmic, clip_format):
    """The same sizes and weights without spectral convergence: the same number, and the same gradient."""
    sizes = [2048, 1024, 512, 256]
    plain = MultiResolutionSTFTLoss(
        sizes, [size // 4 for size in sizes], sizes, w_sc=0.0, w_lin_mag=linear, w_log_mag=logarithmic
    )
    ours = MultiResolution(clip_format, linear=linear, logarithmic=logarithmic)
    output, target = (0.1 * torch.randn(2, 3200)).requires_grad_(), 0.1 * torch.randn(2, 3200)
    value, expected = ours(output, target), plain(output[:, None], target[:, None])
    torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-6)
    gradients = [torch.autograd.grad(each, output)[0] for each in (value, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-3 * gradients[1].abs().max().item())


@pytest.mark.parametrize("sample_rate", [16000, 44100, 48000])
def test_sizes_follow_the_rate(sample_rate):
    """Powers of two within a factor of two of the durations asked for, a quarter of it apart."""
    loss = MultiResolution(ClipFormat(sample_rate, 96 * 441, 441))
    for distance, window_s in zip(loss.distances, (0.128, 0.064, 0.032, 0.016), strict=True):
        assert distance.fft_size.bit_count() == 1 and distance.hop_size == distance.fft_size // 4
        assert 0.5 < distance.fft_size / sample_rate / window_s <= 2


def test_blind_to_phase(second, sine):
    """Another phase or sign costs almost nothing; another level costs much."""
    loss, audio = MultiResolution(second), sine(second, 1000.0, 0.5)
    assert loss(-audio, audio).item() == pytest.approx(0.0, abs=1e-4)
    assert loss(0.5 * audio, audio).item() > 0.1


@pytest.mark.parametrize("silent", ["output", "target", "both"])
def test_silence_is_finite(silent, clip_format):
    """Value and gradient."""
    output = torch.zeros(1, 3200) if silent != "target" else torch.randn(1, 3200)
    target = torch.zeros(1, 3200) if silent != "output" else torch.randn(1, 3200)
    value = MultiResolution(clip_format)(output.requires_grad_(), target)
    assert value.isfinite() and torch.autograd.grad(value, output)[0].isfinite().all()


@pytest.mark.parametrize("windows_s", [(), (0.0001,), (1.0,)])
def test_windows_that_do_not_fit_are_refused(windows_s, clip_format):
    """None, too short, longer than the clip."""
    with pytest.raises(ValueError, match=r"do not fit clips of 0\.2 s"):
        MultiResolution(clip_format, windows_s=windows_s)
