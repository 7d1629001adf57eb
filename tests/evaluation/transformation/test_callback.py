"""Pairs through stand-ins with known answers, and through a small model from batch to file."""

import csv
import json
from functools import partial
from types import SimpleNamespace

import lightning
import pytest
import torch
from lightning.pytorch.loggers.logger import DummyLogger
from torch.utils.data import DataLoader

from evaluation.resynthesis import QUICK_METRICS, ViSQOL
from evaluation.transformation.callback import COMPARED_BY, Transformation, devices_of, sounds_of
from evaluation.transformation.metrics import NO_CONTROLS, NO_RESIDUAL, SOUNDS
from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.decoders import GruDecoder
from lightning_modules.encoders import BottleneckResidual, DescriptorEncoder, Encoding, Trunk
from synths import Clip, Level

QUICK = [metric for metric in COMPARED_BY if metric in QUICK_METRICS]
RESIDUAL = partial(BottleneckResidual, size=3, trunk=partial(Trunk, width=16))
pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers", "ignore:.*treespec")


class SamplesAsResidual(DescriptorEncoder):
    """The level is the only knob; the residual is the waveform itself, a frame of samples per frame."""

    def __init__(self, clip):
        super().__init__(clip, [Level])
        self.residual_size = clip.hop

    def forward(self, audio, f0_hz):
        """Nothing is lost."""
        return Encoding(self.knob_positions(audio, f0_hz), audio.unflatten(-1, (-1, self.hop)), {})


class StandIn(torch.nn.Module):
    """Plays its residual at the level asked for; `obeys` says how much of the way it goes there."""

    f0_tracker, trained_steps = "known", 7

    def __init__(self, clip, obeys=1.0):
        super().__init__()
        self.clip, self.encoder, self.obeys = clip, SamplesAsResidual(clip), obeys

    def forward(self, audio, f0_hz):
        """As the autoencoder does."""
        return self.put_together(f0_hz, self.encoder(audio, f0_hz))

    def put_together(self, f0_hz, encoding):
        """The samples, by the gain from their own level to the one asked for."""
        audio, (level,) = encoding.residual.flatten(1), self.encoder.each_descriptor()
        own = self.encoder.knob_positions(audio, f0_hz)[..., 0]
        asked_db = self.obeys * (level.value_at(encoding.controls[..., 0]) - level.value_at(own))
        gain = (10 ** (asked_db / 20)).repeat_interleave(self.clip.hop, dim=1)
        return Rendering(audio * gain, {}, encoding)


@pytest.fixture
def pairs(clip_format, harmonic_tone):
    """Four tones, and what two devices made of them: softer by 12 dB and upside down, softer by 6 dB."""
    pitches = torch.tensor([180.0, 220.0, 300.0, 440.0])
    untouched = torch.cat([harmonic_tone(clip_format, f0.item()) for f0 in pitches])
    audio = untouched * torch.tensor([-0.25, 0.5, -0.25, 0.5])[:, None]
    f0_hz = pitches[:, None].repeat(1, clip_format.n_frames)
    labels = {"device": torch.tensor([1.0, 0.0, 1.0, 0.0])}
    return Clip(audio, f0_hz, torch.ones_like(f0_hz), ["a", "b", "c", "d"], labels, untouched)


@pytest.fixture
def trainer(tmp_path):
    """What a callback sees of a trainer, with a logger that remembers."""
    logged: dict[str, float] = {}
    logger = SimpleNamespace(logged=logged, log_metrics=logged.update)
    data = SimpleNamespace(label_names={"device": ["Volume", "Phase"]}, batch_size=4, test_batches=range(9))
    alone = {"world_size": 1, "is_global_zero": True}
    return SimpleNamespace(default_root_dir=tmp_path, logger=logger, datamodule=data, **alone)


@pytest.fixture
def transformed(trainer):
    """Module, batches -> the callback after it has seen them."""

    def run(module, *batches):
        callback = Transformation(QUICK)
        callback.on_test_start(trainer, module)
        for index, batch in enumerate(batches):
            callback.on_test_batch_end(trainer, module, module(batch.audio, batch.f0_hz), batch, index)
        callback.on_test_epoch_end(trainer, module)
        callback.on_test_end(trainer, module)
        return callback

    return run


def report_in(folder):
    """What was written, criteria by name."""
    report = json.loads((folder / "transformation.json").read_text(), parse_constant=pytest.fail)
    return report, {criterion["name"]: criterion for criterion in report["criteria"]}


def test_the_sources_residual_meets_the_targets_controls(clip_format, pairs):
    """The source's samples at the target's level: not upside down, as its own resynthesis is."""
    module = StandIn(clip_format)
    sounds = sounds_of(module, module(pairs.audio, pairs.f0_hz), pairs)
    assert list(sounds) == list(SOUNDS)
    softer = pairs.untouched * torch.tensor([0.25, 0.5, 0.25, 0.5])[:, None]
    torch.testing.assert_close(sounds["transformed"], softer, atol=1e-5, rtol=1e-3)
    torch.testing.assert_close(sounds["resynthesis_of_target"], pairs.audio)
    torch.testing.assert_close(sounds["resynthesis_of_untouched"], pairs.untouched)
    assert sounds["untouched"] is pairs.untouched


def test_labelled_factors_are_taken_with_the_knobs(pairs):
    """All controls of the target, nothing of its residual, and nothing else is rendered."""
    asked = []
    source, target = (Encoding(torch.full((4, 20, 3), v), torch.full((4, 20, 2), v), {}) for v in (0.1, 0.9))

    class Encoder:
        controls = ("level", "drive", "tone")

        def __call__(self, audio, f0_hz):
            assert audio is pairs.untouched and f0_hz is pairs.f0_hz
            return source

    def put_together(f0_hz, encoding):
        asked.append(encoding)
        return Rendering(pairs.audio, {}, encoding)

    module = SimpleNamespace(encoder=Encoder(), put_together=put_together)
    sounds_of(module, Rendering(pairs.audio, {}, target), pairs)
    assert [float(encoding.controls.mean()) for encoding in asked] == pytest.approx([0.1, 0.9])
    assert all(encoding.residual.equal(source.residual) for encoding in asked)


def test_a_model_that_arrives_wins_every_note(clip_format, pairs, transformed, trainer, tmp_path):
    """Distance 0, nearer on all notes and with all devices; the untouched source is as far as its gain."""
    transformed(StandIn(clip_format), pairs)
    report, criteria = report_in(tmp_path)
    level = criteria["level_error_jnd"]
    assert level["sounds"]["untouched"]["mean"] == pytest.approx((12.04 + 6.02) / 2, abs=0.01)
    assert level["difference"]["mean"] == pytest.approx(-(12.04 + 6.02) / 2, abs=0.01)
    for name in ("level_error", "loudness_l1", "multi_resolution_stft"):
        assert criteria[name]["sounds"]["transformed"]["mean"] == pytest.approx(0.0, abs=1e-3)
        assert criteria[name]["win_rate"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "n_notes": 4}
    assert criteria["magnitude_snr"]["better"] == "higher" and criteria["magnitude_snr"]["win_rate"]["mean"] == 1.0
    power_ratios_db = criteria["magnitude_snr"]["sounds"]["untouched"]["mean"]
    assert power_ratios_db == pytest.approx((-9.54 + 0.0) / 2, abs=0.1), "the target's power over the difference's"
    phase, volume = report["devices"]
    assert (phase["device"], phase["n_notes"], volume["device"]) == ("Phase", 2, "Volume")
    assert phase["criteria"]["loudness_l1"]["sounds"]["untouched"]["mean"] == pytest.approx(12.04, abs=0.01)
    assert volume["criteria"]["loudness_l1"]["sounds"]["untouched"]["mean"] == pytest.approx(6.02, abs=0.01)
    assert phase["criteria"]["loudness_l1"]["win_rate"]["mean"] == 1.0
    assert trainer.logger.logged["test/transformation/loudness_l1/win_rate"] == 1.0
    assert (
        trainer.logger.logged["test/transformation/level_error_jnd/untouched"] == level["sounds"]["untouched"]["mean"]
    )
    assert not any("level_error/" in name for name in trainer.logger.logged), "dashboards get one line a knob, in JNDs"
    assert report["facts"]["steps"] == 7 and report["remark"] == ""


def test_a_deaf_model_changes_nothing(clip_format, pairs, transformed, tmp_path):
    """Transformed is the untouched source: no difference, and every note a tie."""
    transformed(StandIn(clip_format, obeys=0.0), pairs)
    for criterion in report_in(tmp_path)[1].values():
        assert criterion["difference"]["mean"] == criterion["difference"]["low"] == criterion["difference"]["high"] == 0
        assert criterion["win_rate"]["mean"] == 0.5
        assert criterion["sounds"]["transformed"] == criterion["sounds"]["untouched"]


def test_half_way_is_half_as_far(clip_format, pairs, transformed):
    """In JNDs of level, which are dB: 6 and 3 of 12 and 6."""
    found = {c.criterion.name: c for c in transformed(StandIn(clip_format, obeys=0.5), pairs).comparisons}
    assert found["level_error_jnd"].sounds["transformed"].mean == pytest.approx((6.02 + 3.01) / 2, abs=0.01)


def test_knobs_count_only_where_the_target_sounds(clip_format, pairs, transformed):
    """A target that a gate cuts short: the tail that the source has and the target has not is no error of the knob."""
    half = clip_format.n_samples // 2
    gated = pairs._replace(audio=torch.cat([pairs.untouched[:, :half], 0.0 * pairs.untouched[:, half:]], dim=1))
    values = transformed(StandIn(clip_format), gated).notes[0].values["untouched"]
    assert values["level_error"] < 10.0, "no more than the gate's own edge, where the tail would count 60 dB"


def test_every_batch_counts_once_and_a_second_test_begins_anew(clip_format, pairs, transformed, trainer):
    """Notes in order, their values their own."""
    module = StandIn(clip_format)
    callback = transformed(module, pairs, pairs._replace(name=list("efgh"), audio=pairs.untouched))
    assert [note.note for note in callback.notes] == list("abcdefgh")
    assert [note.device for note in callback.notes] == ["Phase", "Volume"] * 4
    assert callback.notes[0].values["untouched"]["level_error"] == pytest.approx(12.04, abs=0.01)
    assert callback.notes[1].values["untouched"]["level_error"] == pytest.approx(6.02, abs=0.01)
    assert callback.notes[4].values["untouched"]["level_error"] == 0.0
    callback.on_test_start(trainer, module)
    assert not callback.notes and not callback.comparisons


def test_nothing_happens_without_pairs(clip_format, pairs, transformed, trainer, tmp_path, capsys):
    """No file, no table, nothing logged."""
    transformed(StandIn(clip_format), pairs._replace(untouched=None))
    assert not list(tmp_path.iterdir()) and not capsys.readouterr().out and not trainer.logger.logged


def test_devices_in_words(pairs):
    """By the data's list; by number where there is none; empty where nobody knows."""
    assert devices_of(pairs, {"device": ["Volume", "Phase"]}) == ["Phase", "Volume", "Phase", "Volume"]
    assert devices_of(pairs, {}) == ["1", "0", "1", "0"]
    unknown = pairs._replace(labels={"device": torch.tensor([torch.nan, 0.0, 1.0, 1.0])})
    assert devices_of(unknown, {"device": ["Volume", "Phase"]}) == ["", "Volume", "Phase", "Phase"]
    assert devices_of(pairs._replace(labels={}), {}) == [""] * 4


def test_what_sounds_are_compared_by():
    """Neither the pitch that a pair has in common, nor the phases that only the untouched source has."""
    names = {metric.name for metric in COMPARED_BY}
    assert ViSQOL in COMPARED_BY and "multi_resolution_stft" in names
    assert not names & {"f0_l1", "snr", "si_sdr"}


class Pairs(lightning.LightningDataModule):
    """One batch of pairs in memory."""

    label_names = {"device": ["Volume", "Phase"]}
    batch_size, test_batches = 4, (0, 1)

    def __init__(self, batch):
        super().__init__()
        self.batch = batch
        self.tracker = SimpleNamespace(identity="known")

    def test_dataloader(self):
        """The batch, twice."""
        return DataLoader([self.batch, self.batch], batch_size=None)


class Remembering(DummyLogger):
    """Keeps what it is given."""

    def __init__(self):
        super().__init__()
        self.logged = {}

    def log_metrics(self, *args, **kwargs):
        """Under its name."""
        self.logged |= args[0]


def evaluated(model, batch, folder):
    """What the callback logs in a real trainer."""
    logger = Remembering()
    trainer = lightning.Trainer(
        accelerator="cpu", devices=1, logger=logger, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=folder, callbacks=[Transformation(QUICK)],
    )  # fmt: skip
    trainer.test(model, datamodule=Pairs(batch), verbose=False)
    return logger.logged


@pytest.mark.parametrize(
    ("encoder", "remark"),
    [
        (partial(DescriptorEncoder, residual=RESIDUAL), ""),
        (DescriptorEncoder, NO_RESIDUAL),
        (partial(DescriptorEncoder, descriptors=(), residual=RESIDUAL), NO_CONTROLS),
    ],
)
def test_a_small_model(clip_format, pairs, tmp_path, capsys, encoder, remark):
    """From batch to files, with knobs and without, and with nothing but knobs; what is special is said."""
    model = TimbreAutoencoder(clip_format, encoder=encoder, decoder=partial(GruDecoder, width=16))
    logged = evaluated(model, pairs, tmp_path)
    report, criteria = report_in(tmp_path)
    assert report["n_notes"] == 8 and report["remark"] == remark
    knobs = [f"{knob}_error" for knob in model.encoder.knobs]
    assert [name for name in criteria if name.endswith("_error")] == ["harmonic_error", *knobs]
    lines = list(csv.DictReader((tmp_path / "transformation.csv").open()))
    assert [line["sound"] for line in lines] == list(SOUNDS) * 8 and not list(tmp_path.glob("*.partial"))
    assert all(float(line["multi_resolution_stft"]) > 0.0 for line in lines)
    if remark == NO_CONTROLS:
        by_sound = {line["sound"]: line["multi_resolution_stft"] for line in lines[:4]}
        assert by_sound["transformed"] == by_sound["resynthesis_of_untouched"] != by_sound["resynthesis_of_target"]
    printed = " ".join(capsys.readouterr().out.split())
    assert "Transformed against untouched" in printed and remark in printed
    assert logged["test/transformation/loudness_l1/win_rate"] == criteria["loudness_l1"]["win_rate"]["mean"]
