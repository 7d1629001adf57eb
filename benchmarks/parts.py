"""Every part of the synth and the loss against its plain form: time as a ratio, peak memory of both.

python -m benchmarks.parts [--rounds 3]
"""

import argparse
import math
import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torchaudio
from auraloss.freq import MultiResolutionSTFTLoss
from torch import Tensor

from benchmarks.baselines import plain_bank, plain_convolution, plain_noise
from benchmarks.measure import cpu_s, peak_mib, times_faster
from lightning_modules.losses import AuralossMultiResolution, MultiResolution
from synths import ClipFormat, FilteredNoise
from synths.oscillator import available_backends, oscillator_bank
from synths.signal import fft_convolve

N_CLIPS, DURATION_S, N_HARMONICS, N_BANDS = 16, 4.0, 100, 65
HEAD = "| work | against | forward | forward + backward | peak, MiB: theirs → ours |\n|---|---|---|---|---|"


class OperationContest(NamedTuple):
    """One work done by two: functions of the same tensors, those of which a gradient is wanted first."""

    work: str
    against: str
    theirs: Callable[..., Tensor]
    ours: Callable[..., Tensor]
    inputs: Sequence[Tensor]
    n_gradients: int


def row(contest: OperationContest, rounds: int) -> str:
    """A line of the table: how many times faster ours is, and the memory of both."""
    calls = {
        (who, backward): _call(function, contest, backward)
        for backward in (False, True)
        for who, function in (("theirs", contest.theirs), ("ours", contest.ours))
    }
    ratios = []
    for backward in (False, True) if contest.n_gradients else (False,):
        taken = cpu_s({who: calls[who, backward] for who in ("theirs", "ours")}, rounds)
        ratios.append(f"{times_faster(taken, 'theirs', 'ours'):.1f} ×")
    peaks = [peak_mib(calls[who, bool(contest.n_gradients)]) for who in ("theirs", "ours")]
    memory = " → ".join("–" if peak is None else f"{peak:.0f}" for peak in peaks)
    forward, both = (*ratios, "–")[:2]
    return f"| {contest.work} | {contest.against} | {forward} | {both} | {memory} |"


def _call(function: Callable[..., Tensor], contest: OperationContest, backward: bool) -> Callable[[], object]:
    def call() -> None:
        if not backward:
            with torch.no_grad():
                function(*contest.inputs)
            return
        wanted = [x.clone().requires_grad_() for x in contest.inputs[: contest.n_gradients]]
        output = function(*wanted, *contest.inputs[contest.n_gradients :])
        torch.autograd.grad(output, wanted, torch.ones_like(output))

    return call


def pitches(n_clips: int, n_frames: int, low_hz: float, high_hz: float) -> Tensor:
    """Steady pitches spread evenly in octaves over low..high: (B, F) in Hz."""
    pitch_hz = torch.linspace(math.log(low_hz), math.log(high_hz), n_clips).exp()
    return pitch_hz[:, None].expand(-1, n_frames).contiguous()


def bank_contests() -> list[OperationContest]:
    """Each backend that runs here, at work W, at music's pitches, at a longer hop and at 44.1 kHz."""
    works = [
        ("bank, W: hop 64, 70-120 Hz", 16000, 64, N_CLIPS, (70.0, 120.0)),
        ("bank, hop 64, 130-1050 Hz", 16000, 64, N_CLIPS, (130.0, 1050.0)),
        ("bank, hop 160, 70-120 Hz", 16000, 160, N_CLIPS, (70.0, 120.0)),
        ("bank, 44.1 kHz, hop 256, 4 clips", 44100, 256, 4, (70.0, 120.0)),
    ]
    contests = []
    for work, sample_rate, hop, n_clips, (low_hz, high_hz) in works:
        n_frames = round(DURATION_S * sample_rate / hop)
        inputs = [pitches(n_clips, n_frames, low_hz, high_hz), torch.rand(n_clips, n_frames, N_HARMONICS)]

        def plain(f0_hz: Tensor, amplitudes: Tensor, hop: int = hop, sample_rate: int = sample_rate) -> Tensor:
            return plain_bank(f0_hz, amplitudes, hop, sample_rate)

        for backend in available_backends():

            def ours(
                f0_hz: Tensor,
                amplitudes: Tensor,
                hop: int = hop,
                sample_rate: int = sample_rate,
                backend: str = backend,
            ) -> Tensor:
                return oscillator_bank(f0_hz, amplitudes, hop, sample_rate, backend=backend)

            contests.append(OperationContest(f"{work}: `{backend}`", "plain torch", plain, ours, inputs, 2))
    return contests


def vco_contest() -> OperationContest:
    """A bank in torchsynth, which renders one sinusoid at a time: K of its oscillators."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Only here: importing it changes torch.
        from torchsynth.config import SynthConfig
        from torchsynth.module import SineVCO
        from torchsynth.signal import Signal

        config = SynthConfig(batch_size=N_CLIPS, sample_rate=16000, buffer_size_seconds=DURATION_S, reproducible=False)
        oscillator = SineVCO(config)
    midi_f0, silence = torch.full((N_CLIPS,), 40.0), torch.zeros(N_CLIPS, round(DURATION_S * 16000))

    def theirs(f0_hz: Tensor, amplitudes: Tensor) -> Tensor:
        for _ in range(N_HARMONICS):
            audio = oscillator(midi_f0, silence.as_subclass(Signal))
        return torch.as_tensor(audio)

    def ours(f0_hz: Tensor, amplitudes: Tensor) -> Tensor:
        return oscillator_bank(f0_hz, amplitudes, 64, 16000)

    n_frames = round(DURATION_S * 16000 / 64)
    inputs = [pitches(N_CLIPS, n_frames, 70.0, 120.0), torch.rand(N_CLIPS, n_frames, N_HARMONICS)]
    return OperationContest("bank, W", f"{N_HARMONICS} torchsynth `SineVCO`", theirs, ours, inputs, 0)


def noise_contest() -> OperationContest:
    """The noise layer at W against an FFT per frame and per filter."""
    clip = ClipFormat(16000, 64000, 64)
    layer = FilteredNoise(clip, N_BANDS)
    noise = 2.0 * torch.rand(N_CLIPS, clip.n_frames, clip.hop) - 1.0
    magnitudes = torch.rand(N_CLIPS, clip.n_frames, N_BANDS)
    return OperationContest(
        "noise, W: hop 64, 65 bands",
        "an FFT per frame",
        lambda bands, noise: plain_noise(noise, bands),
        lambda bands, noise: layer.filter(noise, bands),
        [magnitudes, noise],
        1,
    )


def reverb_contests() -> list[OperationContest]:
    """One second of room for 16 clips of 4 s."""
    inputs = [torch.randn(N_CLIPS, 64000), torch.randn(16000)]

    def padded(audio: Tensor, impulse: Tensor) -> Tensor:
        return plain_convolution(audio, torch.nn.functional.pad(impulse, (0, audio.shape[-1] - len(impulse))))

    def library(audio: Tensor, impulse: Tensor) -> Tensor:
        expanded = impulse.expand(len(audio), -1)
        return torchaudio.functional.fftconvolve(audio, expanded)[..., : audio.shape[-1]]

    return [
        OperationContest("reverb, 1 s", "FFT of twice the clip", padded, fft_convolve, inputs, 2),
        OperationContest("reverb, 1 s", "torchaudio `fftconvolve`", library, fft_convolve, inputs, 2),
    ]


def loss_contests() -> list[OperationContest]:
    """The literature's six windows, and the four of our configurations."""
    clip = ClipFormat(16000, 64000, 160)
    inputs = [torch.randn(N_CLIPS, clip.n_samples), torch.randn(N_CLIPS, clip.n_samples)]
    contests = []
    for name, sizes in (
        ("6 windows, 2048..64", [2048, 1024, 512, 256, 128, 64]),
        ("4 windows", [2048, 1024, 512, 256]),
    ):
        windows_s = tuple(size / clip.sample_rate for size in sizes)
        hops = [size // 4 for size in sizes]
        library = MultiResolutionSTFTLoss(sizes, hops, sizes, w_sc=0.0, w_log_mag=1.0, w_lin_mag=1.0)

        def as_is(output: Tensor, target: Tensor, library: MultiResolutionSTFTLoss = library) -> Tensor:
            value: Tensor = library(output[:, None], target[:, None])
            return value

        ours = MultiResolution(clip, windows_s)
        contests.append(OperationContest(f"loss, {name}", "auraloss", as_is, ours, inputs, 1))
        without_phases = AuralossMultiResolution(clip, windows_s)
        contests.append(OperationContest(f"loss, {name}", "auraloss without phases", without_phases, ours, inputs, 1))
    return contests


def contests() -> list[OperationContest]:
    """All of them."""
    return [*bank_contests(), vco_contest(), noise_contest(), *reverb_contests(), *loss_contests()]


def table(rounds: int) -> str:
    """The table, in markdown."""
    return "\n".join([HEAD, *(row(contest, rounds) for contest in contests())])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    torch.set_num_threads(1)
    print(table(parser.parse_args().rounds))
