"""What is heard and written of turned knobs: a real encoder, and a stand-in for the decoder that obeys or does not."""

import json
from types import SimpleNamespace
from unittest.mock import create_autospec

import pytest
import soundfile
import torch
from lightning.pytorch.loggers import WandbLogger

from evaluation.control.slider_sweeps import POSITIONS, SliderSweeps
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder
from lightning_modules.exact import Exact
from lightning_modules.knobs import sweep
from synths import Clip

N_NOTES = 5


@pytest.fixture
def batches(clip_format, harmonic_tone):
    """Five notes in batches of two, two and one."""
    f0s_hz = [220.0 * 2 ** (number / 12) for number in range(N_NOTES)]
    audio = torch.cat([harmonic_tone(clip_format, f0_hz) for f0_hz in f0s_hz])
    f0_hz = torch.tensor(f0s_hz)[:, None].repeat(1, clip_format.n_frames)
    names = [f"strings/note-{number}" for number in range(N_NOTES)]
    return [
        Clip(audio[a:b], f0_hz[a:b], torch.ones_like(f0_hz[a:b]), names[a:b], {}) for a, b in ((0, 2), (2, 4), (4, 5))
    ]


@pytest.fixture
def model(clip_format, batches):
    """Untrained, with knobs that have ranges."""
    model = TimbreAutoencoder(clip_format, decoder=lambda *sizes: GruDecoder(*sizes, width=8)).eval()
    model.encoder.calibrate((batch.audio, batch.f0_hz) for batch in batches)
    return model


@pytest.fixture
def test(tmp_path, batches):
    """Go through the test split as the trainer does; the folder of what was written."""

    def run(callback, module, logger=None):
        data = SimpleNamespace(datasets={"test": range(N_NOTES)}, batch_size=2, test_batches=[0, 1, 2])
        alone = {"world_size": 1, "is_global_zero": True, "default_root_dir": str(tmp_path)}
        trainer = SimpleNamespace(datamodule=data, logger=logger, **alone)
        callback.on_test_start(trainer, module)
        for index, batch in enumerate(batches):
            callback.on_test_batch_end(trainer, module, None, batch, index)
        callback.on_test_epoch_end(trainer, module)
        callback.on_test_end(trainer, module)
        return tmp_path / "sliders"

    return run


def test_every_knob_of_two_notes_at_five_positions(test, model, clip_format):
    """Notes spread over the split, a WAV for each row and no other, of the length of a note."""
    folder = test(SliderSweeps(renderings=["open"]), model)
    rows = json.loads((folder / "sliders.json").read_text())["sliders"]
    expected = [(f"strings/note-{n}", knob, p) for n in (0, 3) for knob in model.encoder.knobs for p in POSITIONS]
    assert [(row["note"], row["knob"], row["position"]) for row in rows] == expected
    assert {path.name for path in folder.iterdir()} == {"sliders.json", *(row["file"] for row in rows)}
    assert len({row["file"] for row in rows}) == len(rows)
    assert {soundfile.info(folder / row["file"]).frames for row in rows} == {clip_format.n_samples}


@pytest.mark.parametrize("rendering", ["open", "exact"])
def test_rows_say_what_was_asked_and_measured_in_the_knobs_unit(test, model, batches, rendering):
    """As `sweep` finds it, at the same seed; the file sounds so, and the row says how."""
    folder = test(SliderSweeps(1, ["open", rendering]), model)
    exact = Exact(model) if rendering == "exact" else None
    rows = json.loads((folder / "sliders.json").read_text())["sliders"]
    for descriptor in model.encoder.each_descriptor():
        torch.manual_seed(0)
        turned = sweep(model, batches[0].audio[:1], batches[0].f0_hz[:1], descriptor.name, POSITIONS, exact)
        own = [row for row in rows if row["knob"] == descriptor.name]
        assert {(row["unit"], row["rendering"]) for row in own} == {(descriptor.unit, rendering)}
        assert [row["asked"] for row in own] == pytest.approx(descriptor.value_at(turned.asked_positions).tolist())
        assert [row["measured"] for row in own] == pytest.approx(
            descriptor.value_at(turned.measured_positions[0]).tolist()
        )
        for row, audio in zip(own, turned.audio[0], strict=True):
            written = torch.from_numpy(soundfile.read(folder / row["file"], dtype="float32")[0])
            torch.testing.assert_close(written, audio.clamp(-1, 1), atol=1e-4, rtol=0)


def test_again_is_the_same_and_disturbs_no_random_numbers(test, model):
    """Byte for byte, from any state of the generator, which is left as it was found."""
    folder = test(SliderSweeps(renderings=["open"]), model)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    torch.manual_seed(7)
    state = torch.get_rng_state()
    test(SliderSweeps(renderings=["open"]), model)
    assert torch.get_rng_state().equal(state)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_sounds_of_another_test_go(test, model):
    """Those of notes that are no longer chosen."""
    n_first = len(list(test(SliderSweeps(renderings=["open"]), model).iterdir()))
    folder = test(SliderSweeps(1, renderings=["open"]), model)
    assert len(list(folder.glob("*.wav"))) == (n_first - 1) // 2


def test_wandb_gets_one_table_to_listen_in(test, model):
    """The rows of sliders.json, the file as a sound."""
    logger = create_autospec(WandbLogger, instance=True)
    folder = test(SliderSweeps(renderings=["open"]), model, logger)
    rows = json.loads((folder / "sliders.json").read_text())["sliders"]
    ((logged,), _) = logger.experiment.log.call_args
    table = logged["test/sliders"]
    assert table.columns == ["note", "knob", "position", "asked", "measured", "unit", "rendering", "audio"]
    assert [line[:-1] for line in table.data] == [
        [value for key, value in row.items() if key != "file"] for row in rows
    ]
    assert {type(line[-1]).__name__ for line in table.data} == {"Audio"}


def test_a_sound_that_cannot_be_measured_is_null(test, model, monkeypatch):
    """JSON has no NaN."""
    nothing = torch.full((1, 20, len(model.encoder.knobs)), torch.nan)
    monkeypatch.setattr(model.encoder, "knob_positions", lambda audio, f0_hz, every=1: nothing[:, ::every])
    rows = json.loads((test(SliderSweeps(renderings=["open"]), model) / "sliders.json").read_text())["sliders"]
    assert {row["measured"] for row in rows} == {None} and None not in {row["asked"] for row in rows}


def test_nothing_without_knobs(test, clip_format):
    """No folder either."""
    encoder = SimpleNamespace(knobs=[])
    assert not test(SliderSweeps(renderings=["open"]), SimpleNamespace(encoder=encoder, clip=clip_format)).exists()
