"""An instrument block by block, one voice at 16 kHz in frames of 4 ms: each decoder in PyTorch and in ONNX Runtime.

One thread, CPU time of the process, medians, the engines one after the other, so that each has the caches to itself as
in a host that plays one instrument; the state goes from block to block. 100 partials, 65 bands of noise, 0.5 s of room,
three knobs.

    python -m benchmarks.streaming [--rounds 500] [--frames 1 8 64]
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from benchmarks.measure import cpu_s
from instrument.instrument import Instrument
from instrument.onnx_export import export_onnx, session, silent_inputs
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import DecoderRecipe, GruDecoder, MinGruDecoder, TcnDecoder
from synths import ClipFormat

SAMPLE_RATE, HOP = 16000, 64
DECODERS: tuple[DecoderRecipe, ...] = (GruDecoder, TcnDecoder, MinGruDecoder)
HEAD = (
    "| decoder | frames per block | PyTorch, µs (p95) | of real time | ONNX Runtime, µs (p95) | of real time |\n"
    "|---|---|---|---|---|---|"
)


def in_pytorch(instrument: Instrument, block_frames: int) -> Callable[[], object]:
    """A call renders the next block."""
    inputs = silent_inputs(instrument, block_frames)
    state = instrument.initial_state()
    residual = torch.zeros(1, block_frames, instrument.residual_size)

    @torch.inference_mode()
    def call() -> None:
        nonlocal state
        _, state = instrument(inputs["f0_hz"], inputs["controls"], residual, inputs["white_noise"], state)

    return call


def in_onnx_runtime(instrument: Instrument, block_frames: int) -> Callable[[], object]:
    """A call renders the next block."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "instrument.onnx"
        export_onnx(instrument, path, block_frames)
        runtime = session(path)
    inputs = {name: x.numpy() for name, x in silent_inputs(instrument, block_frames).items()}
    states = list(instrument.initial_state())

    def call() -> None:
        _, *after = runtime.run(None, inputs)
        inputs.update(zip(states, after, strict=True))

    return call


def row(decoder: DecoderRecipe, block_frames: int, rounds: int) -> str:
    """A line of the table."""
    instrument = Instrument(TimbreAutoencoder(ClipFormat(SAMPLE_RATE, 1000 * HOP, HOP), decoder=decoder))
    cells = [type(instrument.decoder).__name__, str(block_frames)]
    for engine in (in_pytorch, in_onnx_runtime):
        spent_s = cpu_s({"": engine(instrument, block_frames)}, rounds)[""]
        median_s, p95_s = statistics.median(spent_s), statistics.quantiles(spent_s, n=20)[-1]
        cells.append(f"{1e6 * median_s:.0f} ({1e6 * p95_s:.0f})")
        cells.append(f"{median_s * SAMPLE_RATE / (block_frames * HOP):.3f}")
    return f"| {' | '.join(cells)} |"


def table(rounds: int = 500, frames: Sequence[int] = (1, 8, 64)) -> str:
    """The table, in markdown; fewer rounds for longer blocks."""
    rows = [row(decoder, n, max(20, rounds // n)) for decoder in DECODERS for n in frames]
    return "\n".join([HEAD, *rows])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--frames", type=int, nargs="+", default=[1, 8, 64])
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(table(given.rounds, given.frames))
