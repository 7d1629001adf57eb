"""A whole training step against the literature's network and synth: forward, loss, backward, Adam.

Both minimise the reconstruction alone, on 16 clips of 4 s at 16 kHz, 100 harmonics, 65 noise bands, 250 frames a
second. The last rows say what the knobs measured in training add to our own step.

    python -m benchmarks.step [--rounds 2]
"""

import argparse
from collections.abc import Callable
from functools import partial

import torch

from benchmarks.baselines import LiteratureDecoder, plain_synth
from benchmarks.measure import cpu_s, peak_mib, times_faster
from benchmarks.parts import pitches
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import DecoderRecipe, GruDecoder, MinGruDecoder, TcnDecoder
from lightning_modules.losses import AuralossMultiResolution, MultiResolution
from synths import Clip, ClipFormat, FilteredNoise, Harmonics, Reverb, SMSSynth

CLIP = ClipFormat(16000, 64000, 64)
WINDOWS_S = tuple(size / CLIP.sample_rate for size in (2048, 1024, 512, 256, 128, 64))
DECODERS: dict[str, DecoderRecipe] = {"gru": GruDecoder, "tcn": TcnDecoder, "mingru": MinGruDecoder}


def literature() -> TimbreAutoencoder:
    """The published network and the plain synth, auraloss."""
    return TimbreAutoencoder(
        CLIP,
        synth=plain_synth,
        reconstruction=partial(AuralossMultiResolution, windows_s=WINDOWS_S),
        decoder=LiteratureDecoder,
        knob_weight=0.0,
    )


def ours(decoder: DecoderRecipe) -> TimbreAutoencoder:
    """One of our decoders, our synth and our loss, for the same work."""

    def synth(clip: ClipFormat) -> SMSSynth:
        parts = [partial(Harmonics, n_harmonics=100), partial(FilteredNoise, n_bands=65)]
        return SMSSynth(clip, parts, [partial(Reverb, duration_s=1.0)])

    return TimbreAutoencoder(
        CLIP, synth=synth, reconstruction=partial(MultiResolution, windows_s=WINDOWS_S), decoder=decoder
    )


def step(model: TimbreAutoencoder, batch: Clip, knobs: bool, bf16: bool) -> Callable[[], None]:
    """One step of training, ready to be repeated."""
    optimizer = torch.optim.Adam(model.parameters())

    def once() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            rendering = model(batch.audio, batch.f0_hz)
            loss = model.reconstruction(rendering.audio, batch.audio)
            if knobs:
                sounding = model.encoder.sounding(batch.audio, model.encoder.judged_every)
                terms = model.knob_terms(batch, rendering, sounding).values()
                loss = loss + sum(term.weight * term.value for term in terms)
        loss.backward()
        optimizer.step()

    return once


def table(rounds: int, n_clips: int = 16) -> str:
    """The table, in markdown."""
    f0_hz = pitches(n_clips, CLIP.n_frames, 70.0, 120.0)
    batch = Clip(0.1 * torch.randn(n_clips, CLIP.n_samples), f0_hz, torch.ones_like(f0_hz), [""] * n_clips, {})
    steps = {"literature": step(literature(), batch, knobs=False, bf16=False)}
    for name, decoder in DECODERS.items():
        steps[f"`{name}`"] = step(ours(decoder), batch, knobs=False, bf16=False)
        steps[f"`{name}`, bf16-mixed"] = step(ours(decoder), batch, knobs=False, bf16=True)
        steps[f"`{name}`, knobs measured and turned"] = step(ours(decoder), batch, knobs=True, bf16=False)
    taken = cpu_s(steps, rounds)
    lines = ["| step | times as fast as the literature's | peak, MiB |", "|---|---|---|"]
    for name, once in steps.items():
        peak = peak_mib(once)
        memory = "–" if peak is None else f"{peak:.0f}"
        lines.append(f"| {name} | {times_faster(taken, 'literature', name):.1f} × | {memory} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    torch.set_num_threads(1)
    print(table(parser.parse_args().rounds))
