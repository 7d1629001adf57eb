"""The spectrogram that the AudioCommons models share."""

import torch
from torch import Tensor


def spectrogram(audio: Tensor, window: str | tuple[str, float], n_fft: int, hop: int) -> Tensor:
    """One-sided power of frames without their mean, as `scipy.signal.spectrogram` takes them.

    Frames start at the first sample and end within the sound. A sound shorter than n_fft is one frame.

    Args:
        audio: (B, N)
        window: a window's name as `scipy.signal.get_window` knows it
        n_fft: samples per frame
        hop: samples between frames

    Returns:
        (B, T, n_fft / 2 + 1), for a unit window's sum of squares
    """
    from scipy.signal import get_window  # scipy.signal takes most of a second to load, and few sounds need it

    length = min(audio.shape[-1], n_fft)
    shape = torch.from_numpy(get_window(window, length)).to(audio)
    frames = audio.unfold(-1, length, hop)
    frames = (frames - frames.mean(-1, keepdim=True)) * (shape / shape.square().sum().sqrt())
    squares = torch.view_as_real(torch.fft.rfft(frames, n_fft)).square().sum(-1)
    return torch.cat([squares[..., :1], 2.0 * squares[..., 1:-1], squares[..., -1:]], -1)
