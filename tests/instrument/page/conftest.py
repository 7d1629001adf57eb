"""Scripts of the page in Node, and the page in a browser."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from instrument.page import page
from instrument.page_parts import PageParts, page_parts
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import MinGruDecoder
from lightning_modules.encoders import DescriptorEncoder
from synths import ClipFormat, FilteredNoise, Harmonics, Level, Roughness, Sharpness, SMSSynth

PAGE = Path(__file__).parents[3] / "instrument" / "page"
CHROMIUM = "/usr/bin/chromium"


@pytest.fixture(scope="session")
def in_node() -> Callable[..., Any]:
    """Evaluates an expression over what some scripts export; `given` is at hand as `given`."""
    if shutil.which("node") is None:
        pytest.skip("Node is not installed.")

    def run(scripts: str, expression: str, **given: Any) -> Any:
        loaded = " ".join(
            f"Object.assign(globalThis, require({json.dumps(str(PAGE / name))}));" for name in scripts.split()
        )
        program = f"{loaded} const given = {json.dumps(given)}; process.stdout.write(JSON.stringify(({expression})));"
        said = subprocess.run(["node", "-"], input=program, capture_output=True, text=True)
        assert not said.returncode, said.stderr
        return json.loads(said.stdout)

    return run


@pytest.fixture(scope="session")
def parts(harmonic_tones: list[torch.Tensor]) -> PageParts:
    """A small model that has learnt nothing but the range of its knobs; one of them only sound can tell."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")

    class WithResidual(DescriptorEncoder):
        def __init__(self, clip: ClipFormat) -> None:
            super().__init__(clip, [Level, Sharpness, Roughness])
            self.residual_size = 2

    torch.manual_seed(0)
    synth = partial(
        SMSSynth, parts=(partial(Harmonics, n_harmonics=30), partial(FilteredNoise, n_bands=20)), effects=()
    )
    clip = ClipFormat(16000, 16000, 160)
    model = TimbreAutoencoder(clip, WithResidual, synth=synth, decoder=partial(MinGruDecoder, width=16)).eval()
    torch.nn.init.normal_(model.decoder.heads.weight, std=0.1)
    model.encoder.calibrate([harmonic_tones])
    return page_parts(model, "small & <plain>")


@pytest.fixture(scope="session")
def harmonic_tones() -> tuple[torch.Tensor, torch.Tensor]:
    """16 tones of a second, dull to bright, soft to loud, at 16 kHz, and their pitch in frames of 10 ms."""
    time_s, number = torch.arange(16000) / 16000.0, torch.arange(1, 9)
    f0_hz = 110.0 * 2.0 ** (torch.arange(16) % 4).float()
    tilt = torch.linspace(0.2, 2.5, 16)
    waves = torch.sin(2.0 * torch.pi * time_s * f0_hz[:, None, None] * number[:, None])
    tones = (waves * number[:, None] ** -tilt[:, None, None]).sum(1)
    audio = tones / tones.abs().amax(1, keepdim=True) * torch.linspace(0.05, 0.6, 16)[:, None]
    return audio, f0_hz[:, None].expand(-1, 100)


@pytest.fixture(scope="session")
def page_file(parts: PageParts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the small model, with two presets and an envelope."""
    more = {
        "presets": [
            {"name": "dull", "shares": [0.5, 0.2, 0.5], "lowest_midi": 60, "residual": [[0.5, -0.5]]},
            {"name": "bright", "shares": [0.5, 0.8, 0.5], "lowest_midi": 60, "residual": [[0.0, 0.0], [0.1, 0.1]]},
        ],
        "pitches": [45, 81],
    }
    path = tmp_path_factory.mktemp("page") / "small.html"
    path.write_text(page(parts._replace(about=parts.about | more)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window, whose microphone is a file of `--fake_microphone`'s fixture, or a beep."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if not Path(CHROMIUM).is_file():
        pytest.skip("Chromium is not installed.")
    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield started
        started.close()
