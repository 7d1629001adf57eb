"""Parts of the page run in Node, and an instrument that is small."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from instrument.instrument import Instrument
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import DecoderRecipe, MinGruDecoder
from lightning_modules.encoders import DescriptorEncoder
from synths import ClipFormat, FilteredNoise, Harmonics, Reverb, SMSSynth

Job = Callable[..., Any]


@pytest.fixture(scope="session")
def node_job() -> Job:
    """Runs a job of page_jobs.js: its kind and what it needs by name; bytes go as base64."""
    if shutil.which("node") is None:
        pytest.skip("Node is not installed.")
    script = Path(__file__).parent / "page_jobs.js"

    def run(kind: str, **given: Any) -> Any:
        job = {name: base64.b64encode(x).decode() if isinstance(x, bytes) else x for name, x in given.items()}
        said = subprocess.run(
            ["node", str(script)], input=json.dumps({"kind": kind, **job}), capture_output=True, text=True
        )
        assert not said.returncode, said.stderr
        return json.loads(said.stdout)

    return run


@pytest.fixture(scope="session")
def small_instrument() -> Callable[..., Instrument]:
    """A decoder -> an untrained instrument at 16 kHz in hops of 160, loud enough to be compared, residual of two."""

    def build(decoder: DecoderRecipe | None = None) -> Instrument:
        decoder = decoder or partial(MinGruDecoder, width=16, n_layers=1)
        torch.manual_seed(0)
        synth = partial(
            SMSSynth,
            parts=(partial(Harmonics, n_harmonics=30), partial(FilteredNoise, n_bands=20)),
            effects=(partial(Reverb, duration_s=0.05),),
        )
        model = TimbreAutoencoder(ClipFormat(16000, 16000, 160), synth=synth, decoder=decoder, encoder=WithTwo)
        torch.nn.init.normal_(model.decoder.heads.weight, std=0.5)
        return Instrument(model)

    return build


class WithTwo(DescriptorEncoder):
    """A residual of two."""

    def __init__(self, clip: ClipFormat, **options: Any) -> None:
        super().__init__(clip, **options)
        self.residual_size = 2
