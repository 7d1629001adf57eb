"""The model without its training: what a checkpoint renders, and what that does not load."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from lightning import Trainer

from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.checkpoint import load_model
from lightning_modules.decoders import GruDecoder
from lightning_modules.timbre_model import TimbreModel
from synths import ClipFormat

ROOT = Path(__file__).parents[2]
CLIP = ClipFormat(16000, 8000, 160)


@pytest.fixture
def saved(tmp_path):
    """A checkpoint of a model that learns, and the model."""
    model = TimbreAutoencoder(CLIP, knob_weight=2.0)
    trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False)
    model.trainer = trainer
    trainer.strategy.connect(model)
    trainer.save_checkpoint(tmp_path / "x.ckpt")
    return tmp_path / "x.ckpt", model.eval()


def test_what_is_loaded_sounds_as_what_was_saved(saved):
    path, model = saved
    loaded = load_model(path)
    audio, f0_hz = torch.randn(1, CLIP.n_samples), torch.full((1, CLIP.n_frames), 220.0)
    sounds = []
    for each in (loaded, model):
        torch.manual_seed(0)
        with torch.no_grad():
            sounds.append(each(audio, f0_hz).audio)
    assert torch.equal(*sounds)
    assert type(loaded) is TimbreModel and not loaded.training and loaded.knob_weight == 2.0
    assert isinstance(model, TimbreModel) and loaded.device == torch.device("cpu")


def test_settings_are_kept_however_they_are_given():
    """In a checkpoint; a function cannot be kept."""
    model = TimbreAutoencoder(CLIP, decoder=lambda *sizes: GruDecoder(*sizes, width=8), residual_dropout=0.25)
    assert dict(model.hparams) == {"clip": CLIP, "residual_dropout": 0.25}


def test_rendering_needs_neither_lightning_nor_torchs_compiler():
    program = (
        "import sys, torch, instrument.render, lightning_modules.checkpoint as c, timbre.tracked_pitch, timbre.render\n"
        "from lightning_modules.timbre_model import TimbreModel; from synths import ClipFormat\n"
        "model = TimbreModel(ClipFormat(16000, 8000, 160)).eval()\n"
        "model.encoder.calibrate([(torch.randn(4, 8000), torch.full((4, 50), 220.0))])\n"
        "instrument.render.render(model, torch.randn(8000), torch.full((50,), 220.0), exact=False)\n"
        "print(*{'lightning', 'torch._dynamo', 'torchmetrics', 'wandb', 'matplotlib', 'scipy.signal'} & {*sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
