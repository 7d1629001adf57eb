"""Signal functions against librosa, numpy and their formulas."""

import librosa
import numpy as np
import pytest
import torch

from synths.signal import exp_sigmoid, fft_convolve, hz_to_midi, interpolate_frames, midi_to_hz, overlap_add


def test_hz_to_midi_equals_librosa():
    """Over the range of the piano and beyond."""
    f0_hz = torch.logspace(1, 4.2, 50)
    np.testing.assert_allclose(hz_to_midi(f0_hz), librosa.hz_to_midi(f0_hz.numpy()), atol=1e-4)


def test_hz_to_midi_of_nothing_is_finite():
    """0 Hz and below read as 1e-3 Hz, with a finite gradient."""
    f0_hz = torch.tensor([0.0, -5.0, 1e-3], requires_grad=True)
    midi = hz_to_midi(f0_hz)
    torch.testing.assert_close(midi, torch.full((3,), float(librosa.hz_to_midi(1e-3))))
    assert torch.autograd.grad(midi.sum(), f0_hz)[0].isfinite().all()


def test_midi_to_hz_is_its_inverse():
    """A4 is 440 Hz, an octave is a factor of 2, for tensors and arrays."""
    assert midi_to_hz(torch.tensor([69.0, 81.0, 57.0])).tolist() == [440.0, 880.0, 220.0]
    assert midi_to_hz(np.array([69.0, 81.0, 57.0])).tolist() == [440.0, 880.0, 220.0]
    midi = torch.linspace(20.0, 110.0, 40)
    torch.testing.assert_close(hz_to_midi(midi_to_hz(midi)), midi)


def test_exp_sigmoid_equals_its_formula():
    """2 sigmoid(x)^ln 10 + 1e-7: 0.405 in the middle, 2 and 1e-7 at the ends, a tenth per unit far below 0."""
    x = torch.linspace(-60, 60, 121, dtype=torch.float64)
    expected = 2.0 * (1 / (1 + np.exp(-x.numpy()))) ** np.log(10) + 1e-7
    np.testing.assert_allclose(exp_sigmoid(x), expected, rtol=1e-12)
    assert exp_sigmoid(torch.tensor(0.0)).item() == pytest.approx(2 * 0.5**2.302585, rel=1e-5)
    assert exp_sigmoid(torch.tensor(-200.0)).item() == pytest.approx(1e-7)


def test_exp_sigmoid_learns_at_both_ends():
    """The gradient is finite wherever a network may go."""
    x = torch.tensor([-200.0, -30.0, 0.0, 30.0, 200.0], requires_grad=True)
    assert torch.autograd.grad(exp_sigmoid(x).sum(), x)[0].isfinite().all()


@pytest.mark.parametrize("n_segments", [1, 2, 5])
def test_overlap_add_equals_a_loop(n_segments):
    """Frame by frame."""
    hop, frames = 7, torch.randn(3, 6, 7 * n_segments)
    expected = torch.zeros(3, (6 + n_segments - 1) * hop)
    for t in range(6):
        expected[:, t * hop : t * hop + hop * n_segments] += frames[:, t]
    torch.testing.assert_close(overlap_add(frames, hop), expected)


@pytest.mark.parametrize(("n_samples", "n_impulse"), [(100, 30), (31, 97), (1, 1), (64, 64)])
def test_fft_convolve_equals_numpy(n_samples, n_impulse):
    """The first N samples of the linear convolution: nothing wraps round."""
    audio, impulse = torch.randn(2, n_samples, dtype=torch.float64), torch.randn(n_impulse, dtype=torch.float64)
    expected = [np.convolve(each, impulse)[:n_samples] for each in audio.numpy()]
    np.testing.assert_allclose(fft_convolve(audio, impulse), expected, atol=1e-12)


@pytest.mark.parametrize(("n_samples", "n_impulse"), [(12, 5), (5, 12), (1, 1), (8, 8)])
def test_fft_convolve_gradient_by_differences(n_samples, n_impulse):
    """In the audio and in the impulse, in both and in either."""
    audio, impulse = torch.randn(2, n_samples).double(), torch.randn(n_impulse).double()
    for wants_audio, wants_impulse in ((True, True), (True, False), (False, True)):
        inputs = audio.clone().requires_grad_(wants_audio), impulse.clone().requires_grad_(wants_impulse)
        assert torch.autograd.gradcheck(fft_convolve, inputs)


@pytest.mark.parametrize(("every", "n_frames"), [(1, 7), (2, 7), (2, 8), (5, 11), (5, 3)])
def test_interpolate_frames(every, n_frames):
    """Known frames stay, a line is a line, the end is held."""
    line = torch.arange(n_frames)[None, :, None].float() * torch.tensor([1.0, -2.0])
    known = line[:, ::every]
    filled = interpolate_frames(known, every, n_frames)
    last = (n_frames - 1) // every * every
    torch.testing.assert_close(filled, line[:, torch.arange(n_frames).clamp_max(last)])
