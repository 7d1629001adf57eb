"""The training loop on tiny clips: what it adds up, what it learns, what it saves and what it refuses."""

import io
import math
from functools import partial
from types import SimpleNamespace

import lightning
import pytest
import torch
from torch.utils.data import DataLoader

from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder
from lightning_modules.encoders import DescriptorEncoder, Encoding, Term
from lightning_modules.provenance import refuse_other_tracker
from synths import Clip, Level, Roughness, Sharpness, SMSSynth

pytestmark = pytest.mark.filterwarnings("ignore:.*self.trainer.*not registered", "ignore:.*does not have many workers")


@pytest.fixture
def batch(clip_format, harmonic_tone):
    """Four notes, with a little noise and an end, that differ in pitch, level and brightness."""
    f0_hz = torch.tensor([180.0, 220.0, 300.0, 440.0])
    tones = [harmonic_tone(clip_format, f0.item(), tilt) for f0, tilt in zip(f0_hz, (-3, -6, -12, -9), strict=True)]
    audio = torch.cat(tones) * torch.tensor([1.0, 0.7, 0.4, 0.2])[:, None] + 1e-3 * torch.randn(4, 3200)
    audio[:, 2800:] = 0
    frames = f0_hz[:, None].repeat(1, clip_format.n_frames)
    return Clip(audio, frames, torch.ones_like(frames), ["a", "b", "c", "d"], {})


class Notes(lightning.LightningDataModule):
    """One batch in memory, the pitch from a tracker of some name."""

    def __init__(self, batch, tracker="yin"):
        super().__init__()
        self.batch = batch
        self.tracker = SimpleNamespace(identity=tracker)

    def train_dataloader(self):
        """The batch."""
        return DataLoader([self.batch], batch_size=None)

    val_dataloader = train_dataloader


@pytest.fixture
def trainer_for(tmp_path):
    """Steps -> a quiet trainer on the CPU."""

    def build(n_steps=1):
        return lightning.Trainer(
            accelerator="cpu", devices=1, max_steps=n_steps, logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, default_root_dir=tmp_path, limit_val_batches=1,
        )  # fmt: skip

    return build


@pytest.fixture
def model(clip_format):
    """A small one."""
    return TimbreAutoencoder(clip_format, decoder=partial(GruDecoder, width=16))


def logged_by(model, step, batch):
    """What a step returns, and what it logs."""
    logged = {}
    model.log_dict = lambda values, **_: logged.update(values)
    model.log = lambda name, value, **_: logged.update({name: value})
    return step(batch, 0), logged


def rendered(model, batch):
    """Audio of a batch, always with the same noise."""
    torch.manual_seed(5)
    with torch.no_grad():
        return model.eval()(batch.audio, batch.f0_hz).audio


def test_forward(model, batch, clip_format):
    """A rendering of the input's length, the synth's parameters by name, the encoding they came from."""
    rendering = model(batch.audio, batch.f0_hz)
    assert rendering.audio.shape == batch.audio.shape and rendering.audio.isfinite().all()
    assert {name: value.shape[-1] for name, value in rendering.parameters.items()} == SMSSynth(clip_format).sizes
    assert rendering.encoding.controls.equal(model.encoder(batch.audio, batch.f0_hz).controls)


def test_sounding(model, batch, clip_format, sine):
    """Frames within 40 dB of the loudest, whatever the clip's level."""
    audio = sine(clip_format, 1000.0).repeat(2, 1)
    audio[:, 1600:] *= 10 ** (-30 / 20)
    audio[1, 1600:] *= 10 ** (-20 / 20)
    assert model.encoder.sounding(audio)[:, 15].tolist() == [1.0, 0.0]
    assert model.encoder.sounding(0.1 * audio)[:, 15].tolist() == [1.0, 0.0]
    assert model.encoder.sounding(audio)[:, 5].tolist() == [1.0, 1.0]


def test_loss_is_the_weighted_sum_of_its_terms(model, batch):
    """Total = sum of weight * value, each logged under its name."""
    total, logged = logged_by(model, model.training_step, batch)
    assert set(logged) == {"train/reconstruction", "train/knobs", "train/turned_knobs", "train/loss"}
    expected = logged["train/reconstruction"] + 4.0 * logged["train/knobs"] + 2.0 * logged["train/turned_knobs"]
    torch.testing.assert_close(total.detach(), expected)
    torch.testing.assert_close(logged["train/loss"], expected)


def test_encoder_terms_join_the_loss(clip_format, batch):
    """A family's own terms come in with their weights."""

    class Penalised(DescriptorEncoder):
        def forward(self, audio, f0_hz):
            controls, residual, _ = super().forward(audio, f0_hz)
            return Encoding(controls, residual, {"kl": Term(torch.tensor(5.0), 0.5)})

    model = TimbreAutoencoder(clip_format, encoder=Penalised, decoder=partial(GruDecoder, width=16), turned_share=0.0)
    total, logged = logged_by(model, model.training_step, batch)
    assert set(logged) == {"train/reconstruction", "train/kl", "train/knobs", "train/loss"}
    torch.testing.assert_close(total.detach(), logged["train/reconstruction"] + 4.0 * logged["train/knobs"] + 2.5)


def test_training_step_teaches_all_weights(model, batch):
    """Every weight of decoder and room gets a finite gradient that is not zero."""
    total, _ = logged_by(model, model.training_step, batch)
    total.backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all() and weight.grad.any(), name


def test_turned_knobs_alone_teach_the_decoder(model, batch):
    """The error of a turned knob reaches the decoder through the synth and the descriptors."""
    encoding = model.encoder(batch.audio, batch.f0_hz)
    sounding = model.encoder.sounding(batch.audio, model.encoder.judged_every)
    errors, turned = model.turned_error(batch.f0_hz, encoding, sounding)
    assert errors.shape == turned.shape == (4, 5) and turned.sum(1).eq(1).all()
    errors.mean().backward()
    assert all(weight.grad.isfinite().all() and weight.grad.any() for weight in model.decoder.parameters())


@pytest.mark.parametrize(("share", "n_turned"), [(0.0, None), (0.25, 1), (0.3, 2), (1.0, 4)])
def test_turned_share(clip_format, batch, share, n_turned, monkeypatch):
    """The share of the batch whose knobs are turned, rounded up; none at 0."""
    model = TimbreAutoencoder(clip_format, decoder=partial(GruDecoder, width=16), turned_share=share)
    seen, turned_error = [], model.turned_error
    monkeypatch.setattr(
        model, "turned_error", lambda f0_hz, *rest: seen.append(len(f0_hz)) or turned_error(f0_hz, *rest)
    )
    _, logged = logged_by(model, model.training_step, batch)
    assert seen == ([] if n_turned is None else [n_turned])
    assert ("train/turned_knobs" in logged) == (n_turned is not None)


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_share_out_of_range_is_refused(clip_format, share):
    """It is a share."""
    with pytest.raises(ValueError, match=r"model\.turned_share"):
        TimbreAutoencoder(clip_format, turned_share=share)


def test_validation_logs_control_error(model, batch):
    """Reconstruction, and the error of the knob that was turned."""
    _, logged = logged_by(model, model.validation_step, batch)
    assert set(logged) == {"validation/reconstruction", "validation/control_error"}
    assert all(value.isfinite() and value > 0 for value in logged.values())


def test_some_steps_lower_the_loss(clip_format, batch, trainer_for):
    """Twenty steps on one batch: a better reconstruction, every clip counted."""
    model = TimbreAutoencoder(clip_format, decoder=partial(GruDecoder, width=32), learning_rate=5e-3)
    model.encoder.calibrate([(batch.audio, batch.f0_hz)])
    before = model.reconstruction(rendered(model, batch), batch.audio)
    trainer_for(20).fit(model.train(), datamodule=Notes(batch))
    after = model.reconstruction(rendered(model, batch), batch.audio)
    assert after < 0.8 * before


def test_learning_rate_falls_to_a_twentieth(model, batch, trainer_for):
    """Along a cosine over the planned steps."""
    trainer = trainer_for(4)
    trainer.fit(model, datamodule=Notes(batch))
    assert trainer.optimizers[0].param_groups[0]["lr"] == pytest.approx(2e-3 / 20)


def test_fit_takes_ranges_from_the_data_once(model, batch, trainer_for):
    """At the start of a run, not when it goes on."""
    trainer_for().fit(model, datamodule=Notes(batch))
    assert bool(model.encoder.calibrated)
    reference = DescriptorEncoder(model.clip)
    reference.calibrate([(batch.audio, batch.f0_hz)])
    spans = [descriptor.span.clone() for descriptor in model.encoder.each_descriptor()]
    for span, descriptor in zip(spans, reference.each_descriptor(), strict=True):
        torch.testing.assert_close(span, descriptor.span)
    trainer_for().fit(model, datamodule=Notes(batch._replace(audio=0.1 * batch.audio)))
    assert all(d.span.equal(span) for d, span in zip(model.encoder.each_descriptor(), spans, strict=True))


@pytest.fixture
def checkpoint(model, batch, trainer_for, tmp_path):
    """Path of a checkpoint after one step."""
    trainer = trainer_for()
    trainer.fit(model, datamodule=Notes(batch))
    trainer.save_checkpoint(tmp_path / "one.ckpt")
    return tmp_path / "one.ckpt"


def test_checkpoint_round_trip(model, batch, checkpoint, clip_format):
    """Read with weights only, the same model: the same sound, ranges and tracker."""
    copy = TimbreAutoencoder(clip_format, decoder=partial(GruDecoder, width=16))
    state = torch.load(checkpoint, weights_only=True)
    copy.load_state_dict(state["state_dict"])
    copy.on_load_checkpoint(state)
    assert rendered(copy, batch).equal(rendered(model, batch))
    assert bool(copy.encoder.calibrated) and copy.f0_tracker == "yin"


def test_load_from_checkpoint(model, batch, checkpoint):
    """Lightning's own way, with weights only, needs the file and the recipes that are not the default."""
    recipe = partial(GruDecoder, width=16)
    copy = TimbreAutoencoder.load_from_checkpoint(checkpoint, map_location="cpu", weights_only=True, decoder=recipe)
    assert copy.clip == model.clip
    assert rendered(copy, batch).equal(rendered(model, batch))


def test_checkpoint_says_what_made_it(checkpoint, model):
    """Version, commit, tracker and knobs."""
    made_by = torch.load(checkpoint, weights_only=True)["interpretsynth"]
    assert made_by["knobs"] == model.encoder.knob_kinds and made_by["knobs"][0] == "level (dB, linear)"
    assert made_by["f0_tracker"] == "yin"
    assert made_by["version"] and made_by["git"]


def test_training_goes_on(batch, checkpoint, clip_format, trainer_for):
    """A resumed run starts from the step, the ranges and the optimiser it stopped with."""
    resumed, trainer = TimbreAutoencoder(clip_format, decoder=partial(GruDecoder, width=16)), trainer_for(3)
    softer = Notes(batch._replace(audio=0.1 * batch.audio))
    trainer.fit(resumed, datamodule=softer, ckpt_path=checkpoint, weights_only=True)
    assert trainer.global_step == 3
    spans = torch.load(checkpoint, weights_only=True)["state_dict"]
    for index, descriptor in enumerate(resumed.encoder.each_descriptor()):
        assert descriptor.span.equal(spans[f"encoder.descriptors.{index}.range.span"])


def test_checkpoint_of_other_knobs_is_refused(checkpoint, clip_format):
    """The message names both sets of knobs."""
    other = TimbreAutoencoder(
        clip_format, lambda clip: DescriptorEncoder(clip, [Sharpness, Level]), decoder=partial(GruDecoder, width=16)
    )
    with pytest.raises(ValueError, match=r"knobs are level \(dB, linear\), .*; this model's are sharpness \(acum"):
        other.on_load_checkpoint(torch.load(checkpoint, weights_only=True))


def test_foreign_checkpoint_is_refused(model):
    """A checkpoint of something else is said to be one."""
    with pytest.raises(ValueError, match="not written by InterpretSynth"):
        model.on_load_checkpoint({"state_dict": model.state_dict()})


def test_other_tracker_is_refused_when_going_on(batch, checkpoint, clip_format, trainer_for):
    """Data whose pitch comes from another tracker than the checkpoint's."""
    resumed = TimbreAutoencoder(clip_format, decoder=partial(GruDecoder, width=16))
    with pytest.raises(ValueError, match="trained on pitch from 'yin', but the data's tracker is 'swift'"):
        trainer_for(3).fit(resumed, datamodule=Notes(batch, "swift"), ckpt_path=checkpoint, weights_only=True)


def test_other_tracker_is_refused_in_the_same_session(model, batch, trainer_for):
    """Also without a checkpoint in between."""
    trainer_for().fit(model, datamodule=Notes(batch))
    with pytest.raises(ValueError, match=r"'yin'.*'swift'"):
        trainer_for().fit(model, datamodule=Notes(batch, "swift"))


@pytest.mark.parametrize(("trained", "given"), [(None, None), ("yin", None), (None, "yin"), ("yin", "yin")])
def test_unknown_or_same_tracker_is_accepted(trained, given):
    """Only a known difference is refused."""
    refuse_other_tracker(trained, given)
    with pytest.raises(ValueError, match=r"data\.tracker"):
        refuse_other_tracker("yin", "swift")


def test_model_without_knobs(clip_format, batch, trainer_for):
    """The plain autoencoder, our baseline: no knobs to measure, calibrate or turn."""

    class Residual(DescriptorEncoder):
        def __init__(self, clip):
            super().__init__(clip, descriptors=())
            self.residual_size = 2

        def forward(self, audio, f0_hz):
            level = audio.reshape(len(audio), clip_format.n_frames, -1).square().mean(-1)
            return Encoding(level.new_zeros(*level.shape, 0), torch.stack([level, level.sqrt()], dim=-1), {})

    model = TimbreAutoencoder(clip_format, encoder=Residual, decoder=partial(GruDecoder, width=16))
    trainer_for().fit(model, datamodule=Notes(batch))
    assert model.encoder.knobs == [] and rendered(model, batch).isfinite().all()


def test_optimizer_without_an_end(model):
    """An endless run keeps its rate."""
    model._trainer = SimpleNamespace(estimated_stepping_batches=math.inf)
    assert isinstance(model.configure_optimizers(), torch.optim.Adam)


def test_state_dict_holds_no_format(model):
    """What can be computed from the format is not saved: the state is weights and ranges."""
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    kept = {name.split(".")[-1] for name in model.state_dict() if not name.startswith(("decoder", "synth.effects"))}
    assert kept == {"span", "by_pitch", "calibrated"} and file.tell() < 1_000_000


def test_mixed_precision_stops_at_the_synth(model, batch):
    """Under bfloat16 the network rounds; sound, loss and measured knobs are those of float32 from its parameters."""
    with torch.autocast("cpu", torch.bfloat16):
        torch.manual_seed(1)
        rendering = model(batch.audio, batch.f0_hz)
        loss = model.reconstruction(rendering.audio, batch.audio)
        measured = model.encoder.measure(rendering.audio, batch.f0_hz)
    unrounded = model.decoder(batch.f0_hz, *rendering.encoding[:2])
    assert not any(value.equal(unrounded[name]) for name, value in rendering.parameters.items())
    assert all(value.dtype == torch.float32 for value in rendering.parameters.values())
    assert rendering.audio.dtype == loss.dtype == measured.dtype == torch.float32
    torch.manual_seed(1)
    exact = model.synth(batch.f0_hz, rendering.parameters)
    assert exact.equal(rendering.audio)
    torch.testing.assert_close(loss, model.reconstruction(exact, batch.audio), rtol=1e-6, atol=0)
    assert measured.equal(model.encoder.measure(exact, batch.f0_hz))


def test_knobs_can_be_measured_on_the_layers(clip_format, batch):
    """In training only, and with gradients to the decoder; the sound is not asked."""
    model = TimbreAutoencoder(clip_format, decoder=partial(GruDecoder, width=16), knobs_from="layers")
    rendering = model(batch.audio, batch.f0_hz)
    played = model.encoder.measure_layers(model.synth.layers(batch.f0_hz, rendering.parameters))
    measured = model.measured_knobs(rendering._replace(audio=torch.zeros_like(rendering.audio)), batch.f0_hz)
    torch.testing.assert_close(measured, played)
    measured.square().mean().backward()
    assert all(weight.grad.isfinite().all() and weight.grad.any() for weight in model.decoder.parameters())
    heard = model.eval().measured_knobs(rendering, batch.f0_hz)
    torch.testing.assert_close(heard, model.encoder.measure(rendering.audio, batch.f0_hz))


def test_knobs_from_elsewhere_are_refused(clip_format):
    """One sentence, with the key."""
    with pytest.raises(ValueError, match=r"model\.knobs_from is 'score': it is sound or layers"):
        TimbreAutoencoder(clip_format, knobs_from="score")


def test_knobs_that_only_sound_has_are_not_asked_of_layers(clip_format):
    """One sentence at the start, not an error in the first step."""
    with pytest.raises(ValueError, match=r"knobs_from is layers, but roughness can be measured from sound only"):
        TimbreAutoencoder(clip_format, lambda clip: DescriptorEncoder(clip, [Level, Roughness]), knobs_from="layers")


def test_knobs_are_judged_in_the_frames_they_were_asked_for(model, batch):
    """A sound that is asked for its own knobs is not wrong at all, though it changes from frame to frame."""
    controls = model.encoder.measure(batch.audio, batch.f0_hz)
    rendering = model(batch.audio, batch.f0_hz)._replace(audio=batch.audio)
    asked = rendering._replace(encoding=rendering.encoding._replace(controls=controls))
    sounding = model.encoder.sounding(batch.audio, model.encoder.judged_every)
    assert model.knob_error(asked, batch.f0_hz, sounding).max() < 1e-4
