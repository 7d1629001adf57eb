"""The reconstruction loss against auraloss and autograd."""

import math

import pytest
import torch
from auraloss.freq import MultiResolutionSTFTLoss

from lightning_modules.losses import AuralossMultiResolution, MultiResolution
from lightning_modules.losses import multi_resolution as module
from synths import ClipFormat

WEIGHTS = [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.3, 2.0)]


def oracle(clip, **kwargs):
    """The same loss by auraloss, with windows of full precision."""
    loss = AuralossMultiResolution(clip, **kwargs)
    for distance in loss.distances:
        distance.window = torch.hann_window(distance.fft_size, dtype=torch.float64)
    return loss


def value_and_gradient(loss, output, target):
    """The loss and its gradient by the output."""
    output = output.detach().clone().requires_grad_()
    value = loss(output, target)
    return value.detach(), torch.autograd.grad(value, output)[0]


@pytest.mark.parametrize("loss", [MultiResolution, AuralossMultiResolution])
def test_zero_of_itself(loss, clip_format):
    """A sound is at no distance from itself, and not pulled anywhere."""
    audio = torch.randn(2, 3200)
    value, gradient = value_and_gradient(loss(clip_format), audio, audio)
    assert value.item() == pytest.approx(0.0, abs=1e-6) and gradient.abs().max() < 1e-6


@pytest.mark.parametrize("loss", [MultiResolution, AuralossMultiResolution])
@pytest.mark.parametrize(("linear", "logarithmic"), WEIGHTS)
def test_equals_plain_auraloss(linear, logarithmic, loss, clip_format):
    """The same sizes and weights without spectral convergence: the same number, and the same gradient."""
    sizes = [2048, 1024, 512, 256]
    plain = MultiResolutionSTFTLoss(
        sizes, [size // 4 for size in sizes], sizes, w_sc=0.0, w_lin_mag=linear, w_log_mag=logarithmic
    )
    output, target = 0.1 * torch.randn(2, 3200), 0.1 * torch.randn(2, 3200)
    ours = value_and_gradient(loss(clip_format, linear=linear, logarithmic=logarithmic), output, target)
    expected = value_and_gradient(lambda *pair: plain(*(audio[:, None] for audio in pair)), output, target)
    torch.testing.assert_close(ours[0], expected[0], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(ours[1], expected[1], rtol=1e-3, atol=1e-3 * expected[1].abs().max().item())


@pytest.mark.parametrize("chunk", [1 << 10, 1 << 14, 1 << 18])
@pytest.mark.parametrize(("batch", "n_samples"), [(1, 3200), (3, 3200), (2, 2777), (5, 1025)])
@pytest.mark.parametrize(("linear", "logarithmic"), WEIGHTS)
def test_equals_autograd_in_float64(linear, logarithmic, batch, n_samples, chunk, clip_format, monkeypatch):
    """Value and gradient to rounding, in chunks of any size, for any length."""
    monkeypatch.setattr(module, "_CHUNK_SAMPLES", {"cpu": chunk})
    kwargs = {"windows_s": (0.128, 0.03, 0.004), "linear": linear, "logarithmic": logarithmic}
    output, target = torch.randn(2, batch, n_samples, dtype=torch.float64)
    ours = value_and_gradient(MultiResolution(clip_format, **kwargs), output, target)
    expected = value_and_gradient(oracle(clip_format, **kwargs), output, target)
    assert ours[0].dtype == torch.float64
    torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("level", [0.0, 1e-8])
@pytest.mark.parametrize("silent", ["start of output", "start of target", "output", "target", "both"])
def test_silence_equals_autograd(silent, level, clip_format):
    """Where the power is clamped nothing is to be learned; elsewhere the same as ever."""
    output, target = 0.1 * torch.randn(2, 1, 3200, dtype=torch.float64)
    for name, audio in (("output", output), ("target", target)):
        if silent in (name, "both", f"start of {name}"):
            audio[:, : 1600 if "start" in silent else None] *= level
    ours = value_and_gradient(MultiResolution(clip_format), output, target)
    torch.testing.assert_close(ours, value_and_gradient(oracle(clip_format), output, target), rtol=1e-9, atol=1e-12)
    if silent in ("output", "both"):
        assert not ours[1].any()


def test_layout_and_scale_of_the_gradient_do_not_matter(clip_format):
    """Strided audio, and a loss that is one term of a sum."""
    output, target = torch.randn(3200, 2).t(), torch.randn(2, 6400)[:, ::2]
    loss = MultiResolution(clip_format)
    value, gradient = value_and_gradient(loss, output.contiguous(), target.contiguous())
    leaf = output.detach().requires_grad_()
    (scaled,) = torch.autograd.grad(-3.0 * loss(leaf, target), leaf)
    torch.testing.assert_close(scaled, -3.0 * gradient)
    torch.testing.assert_close(loss(leaf, target), value)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_full(dtype, clip_format):
    """Half-precision audio, and autocast, give the value of float32."""
    output, target = torch.randn(2, 3200).to(dtype), torch.randn(2, 3200)
    expected, gradient = value_and_gradient(MultiResolution(clip_format), output.float(), target)
    with torch.autocast("cpu", torch.bfloat16):
        ours = value_and_gradient(MultiResolution(clip_format), output, target)
    assert ours[0].dtype == torch.float32 and ours[1].dtype == dtype
    torch.testing.assert_close(ours[0], expected)
    torch.testing.assert_close(ours[1].float(), gradient, rtol=1e-2, atol=1e-6)


def test_without_a_gradient(clip_format):
    """The same value where none is wanted, and nothing is kept for it."""
    output, target = torch.randn(2, 3200, requires_grad=True), torch.randn(2, 3200, requires_grad=True)
    loss = MultiResolution(clip_format)
    with torch.no_grad():
        value = loss(output, target)
    assert not value.requires_grad and not loss(output.detach(), target.detach()).requires_grad
    torch.testing.assert_close(value, loss(output, target.detach()).detach())


def test_wrong_uses_are_refused(clip_format):
    """A target that learns, a second derivative, and shapes that differ."""
    output, target = torch.randn(2, 3200, requires_grad=True), torch.randn(2, 3200)
    loss = MultiResolution(clip_format)
    with pytest.raises(ValueError, match="detach"):
        loss(target, output)
    with pytest.raises(ValueError, match=r"\(2, 3200\) and target \(1, 3200\)"):
        loss(output, target[:1])
    (gradient,) = torch.autograd.grad(loss(output, target) ** 2, output, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


@pytest.mark.parametrize("loss", [MultiResolution, AuralossMultiResolution])
@pytest.mark.parametrize("sample_rate", [16000, 44100, 48000])
def test_sizes_follow_the_rate(sample_rate, loss):
    """Powers of two within a factor of two of the durations asked for."""
    sizes = loss(ClipFormat(sample_rate, 96 * 441, 441)).sizes
    for size, window_s in zip(sizes, (0.128, 0.064, 0.032, 0.016), strict=True):
        assert size.bit_count() == 1 and 0.5 < size / sample_rate / window_s <= 2


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


@pytest.mark.parametrize(
    "windows_s",
    [(), (0.0001,), (1.0,), (-1.0,), (0.064, -0.032), (0.0,), (math.nan,), (math.inf,), (0.1, -math.inf)],
)
def test_windows_that_do_not_fit_are_refused(windows_s, clip_format):
    """None, too short, longer than the clip."""
    with pytest.raises(ValueError, match=r"do not fit clips of 0\.2 s"):
        MultiResolution(clip_format, windows_s=windows_s)
