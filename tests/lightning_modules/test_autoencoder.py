"""The training loop on tiny clips: what it adds up, what it learns, what it saves and what it refuses."""

import io
import math
from functools import partial
from types import SimpleNamespace

import lightning
import pytest
import torch
from torch.utils.data import DataLoader

from lightning_modules.autoencoder import TimbreAutoencoder, TurnedError
from lightning_modules.decoders import GruDecoder
from lightning_modules.encoders import (
    AdversarialEncoder,
    BottleneckResidual,
    DescriptorEncoder,
    DisentangledEncoder,
    Encoding,
    Term,
    Trunk,
    VariationalResidual,
)
from lightning_modules.losses.turned_knobs import TurnedKnobs
from lightning_modules.provenance import remark_on_tracker
from synths import Clip, Level, Loudness, Roughness, Sharpness, SMSSynth

SMALL = partial(GruDecoder, width=16)
BOTTLENECK = partial(BottleneckResidual, size=3, trunk=partial(Trunk, width=16))
FAMILIES = {
    "bottleneck": partial(DescriptorEncoder, residual=BOTTLENECK),
    "variational": partial(DescriptorEncoder, residual=partial(VariationalResidual, trunk=partial(Trunk, width=16))),
    "autoencoder": partial(DescriptorEncoder, descriptors=(), residual=BOTTLENECK),
    "disentangled": partial(DisentangledEncoder, factors=["shape"], trunk=partial(Trunk, width=16)),
    "adversarial": partial(AdversarialEncoder, residual=BOTTLENECK),
}
every_family = pytest.mark.parametrize("family", FAMILIES)
pytestmark = pytest.mark.filterwarnings("ignore:.*self.trainer.*not registered", "ignore:.*does not have many workers")


@pytest.fixture
def batch(clip_format, harmonic_tone):
    """Four notes, with a little noise and an end, that differ in pitch, level and brightness."""
    f0_hz = torch.tensor([180.0, 220.0, 300.0, 440.0])
    tones = [harmonic_tone(clip_format, f0.item(), tilt) for f0, tilt in zip(f0_hz, (-3, -6, -12, -9), strict=True)]
    audio = torch.cat(tones) * torch.tensor([1.0, 0.7, 0.4, 0.2])[:, None] + 1e-3 * torch.randn(4, 3200)
    audio[:, 2800:] = 0
    frames = f0_hz[:, None].repeat(1, clip_format.n_frames)
    return Clip(audio, frames, torch.ones_like(frames), ["a", "b", "c", "d"], {"shape": torch.linspace(0, 1, 4)})


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

    def clips_for_ranges(self):
        """The batch."""
        return iter([self.batch])


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
    return TimbreAutoencoder(clip_format, decoder=SMALL)


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
    weights = {"reconstruction": 1.0, "knobs": 4.0, "turned_knobs": 2.0, "guard": 2.0}
    assert set(logged) == {"train/loss", *(f"train/{name}" for name in weights)}
    expected = sum(weight * logged[f"train/{name}"] for name, weight in weights.items())
    torch.testing.assert_close(total.detach(), expected)
    torch.testing.assert_close(logged["train/loss"], expected)


def test_encoder_terms_join_the_loss(clip_format, batch):
    """A family's own terms come in with their weights."""

    class Penalised(DescriptorEncoder):
        def forward(self, audio, f0_hz):
            encoding = super().forward(audio, f0_hz)
            return Encoding(encoding.controls, encoding.residual, {"kl": Term(torch.tensor(5.0), 0.5)})

    model = TimbreAutoencoder(clip_format, encoder=Penalised, decoder=SMALL, turned=TurnedKnobs(share=0.0))
    total, logged = logged_by(model, model.training_step, batch)
    assert set(logged) == {"train/reconstruction", "train/kl", "train/knobs", "train/loss"}
    torch.testing.assert_close(total.detach(), logged["train/reconstruction"] + 4.0 * logged["train/knobs"] + 2.5)


def test_training_step_teaches_all_weights(model, batch):
    """Every weight of decoder and room gets a finite gradient that is not zero."""
    total, _ = logged_by(model, model.training_step, batch)
    total.backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all() and weight.grad.any(), name


@every_family
def test_training_step_teaches_every_family(clip_format, batch, family):
    """Every weight of encoder, critic and decoder gets a finite gradient that is not zero; all terms are logged."""
    model = TimbreAutoencoder(clip_format, FAMILIES[family], decoder=SMALL)
    total, logged = logged_by(model, model.training_step, batch)
    total.backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all() and weight.grad.any(), name
    own = {"variational": {"kl"}, "disentangled": {"supervision", "dependence", "kl", "factors"}}
    terms = own.get(family, {"critic"} if family == "adversarial" else set()) | {"reconstruction", "loss"}
    knobs = set() if family == "autoencoder" else {"knobs", "turned_knobs", "guard"}
    assert set(logged) == {f"train/{name}" for name in terms | knobs}


def test_label_terms_join_the_loss(clip_format, batch):
    """How far the factor is from its label counts with the supervision's weight."""
    encoder = partial(FAMILIES["disentangled"], supervision_weight=3.0, dependence_weight=0.0, kl_weight=0.0)
    model = TimbreAutoencoder(clip_format, encoder, decoder=SMALL, knob_weight=0.0, turned=TurnedKnobs(share=0.0))
    total, logged = logged_by(model, model.training_step, batch)
    expected = 3.0 * (logged["train/supervision"] + logged["train/factors"])
    torch.testing.assert_close(total.detach(), logged["train/reconstruction"] + expected)
    assert logged["train/factors"] > 0
    with pytest.raises(ValueError, match=r"names shape, but the data's labels are none"):
        model.training_step(batch._replace(labels={}), 0)


def turned_alone(model, batch):
    """Errors of knobs turned, which were, how the level strayed; and the rendering before."""
    rendering = model(batch.audio, batch.f0_hz)
    sounding = model.encoder.sounding(batch.audio, model.encoder.judged_every)
    return *model.turned_error(batch.f0_hz, rendering, sounding), rendering


def test_turned_knobs_alone_teach_the_decoder(clip_format, batch):
    """The error of a turned knob reaches the decoder through the synth and the descriptors."""
    model = TimbreAutoencoder(clip_format, decoder=SMALL, turned=TurnedKnobs(how_many="one"))
    errors, turned, _, _ = turned_alone(model, batch)
    assert errors.shape == turned.shape == (4, 5) and turned.sum(1).eq(1).all()
    errors.mean().backward()
    assert all(weight.grad.isfinite().all() and weight.grad.any() for weight in model.decoder.parameters())


def test_turned_and_held_knobs_are_told_apart(clip_format, batch, monkeypatch):
    """By hand: the mean error of the turned ones is one term, of the others the guard; with all turned it is 0."""
    model = TimbreAutoencoder(clip_format, decoder=SMALL, turned=TurnedKnobs(share=0.5, weight=3.0, guard_weight=5.0))
    errors = torch.arange(10.0).reshape(2, 5)
    turned = torch.tensor([[1.0, 0, 0, 0, 0], [1.0, 1.0, 0, 0, 0]])
    rendering = model(batch.audio, batch.f0_hz)
    sounding = model.encoder.sounding(batch.audio, model.encoder.judged_every)
    monkeypatch.setattr(model, "turned_error", lambda *_: TurnedError(errors, turned, torch.tensor(0.25)))
    terms = model.knob_terms(batch, rendering, sounding)
    assert terms["turned_knobs"] == (pytest.approx((0 + 5 + 6) / 3), 3.0)
    assert terms["guard"] == (pytest.approx((1 + 2 + 3 + 4 + 7 + 8 + 9) / 7 + 0.25), 5.0)
    turned.fill_(1.0)
    assert model.knob_terms(batch, rendering, sounding)["guard"].value == 0.25


def test_turned_clips_keep_factors_and_residual(clip_format, batch, monkeypatch):
    """Only measured knobs are turned: what follows them, and the residual of each clip, stays."""
    model = TimbreAutoencoder(clip_format, FAMILIES["disentangled"], decoder=SMALL, turned=TurnedKnobs(how_many="all"))
    rendering, seen = model(batch.audio, batch.f0_hz), []
    sounding = model.encoder.sounding(batch.audio, model.encoder.judged_every)
    put_together = model.put_together
    monkeypatch.setattr(model, "put_together", lambda *given: seen.append(given[1]) or put_together(*given))
    model.turned_error(batch.f0_hz[:3], rendering, sounding)
    before = rendering.encoding
    assert seen[0].controls.shape == (3, 20, 6) and seen[0].residual.equal(before.residual[:3])
    assert seen[0].controls[..., 5:].equal(before.controls[:3, :, 5:])
    assert (seen[0].controls[..., :5] != before.controls[:3, :, :5]).any(1).all()
    (gradient,) = torch.autograd.grad(seen[0].controls[..., :5].sum(), before.controls)
    assert not gradient.any(), "a request is a fact"


@pytest.mark.parametrize("gain_db", [0.0, 10.0])
def test_the_level_is_guarded_where_no_knob_turns_it(clip_format, batch, monkeypatch, gain_db):
    """By how much louder the turned sound is, in ranges of 50 dB; it teaches the turned sound, not the one before."""
    model = TimbreAutoencoder(clip_format, partial(DescriptorEncoder, descriptors=[Sharpness]), decoder=SMALL)
    rendering = model(batch.audio, batch.f0_hz)
    rendering = rendering._replace(audio=batch.audio.clone().requires_grad_())
    louder = batch.audio[:2].mul(10 ** (gain_db / 20)).requires_grad_()
    sounding = model.encoder.sounding(batch.audio, model.encoder.judged_every)
    monkeypatch.setattr(
        model, "put_together", lambda f0_hz, encoding: rendering._replace(audio=louder, encoding=encoding)
    )
    strayed = model.turned_error(batch.f0_hz[:2], rendering, sounding).level_strayed
    assert strayed.item() == pytest.approx(gain_db / 50.0, abs=1e-3)
    gradients = torch.autograd.grad(strayed, [louder, rendering.audio], allow_unused=True)
    assert gradients[1] is None and (gradients[0].any() or not gain_db)


@pytest.mark.parametrize(("knob", "is_guard"), [(Level, True), (Loudness, True), (Sharpness, False)])
def test_a_level_knob_is_its_own_guard(clip_format, batch, knob, is_guard):
    """Nothing more is added."""
    model = TimbreAutoencoder(clip_format, partial(DescriptorEncoder, descriptors=[knob]), decoder=SMALL)
    assert (turned_alone(model, batch)[2] == 0) == is_guard


@pytest.mark.parametrize(("chance", "training", "dropped"), [(0.5, True, 0.5), (0.5, False, 0.0), (0.0, True, 0.0)])
def test_residual_dropout(clip_format, batch, chance, training, dropped):
    """The residual of whole clips is 0 in training, as often as said; controls and terms stay."""
    model = TimbreAutoencoder(clip_format, FAMILIES["variational"], decoder=SMALL, residual_dropout=chance)
    many = [torch.cat([x] * 16) for x in (batch.audio, batch.f0_hz)]
    rendering = model.train(training)(*many)
    silenced = rendering.encoding.residual.eq(0).flatten(1)
    assert silenced.all(1).equal(silenced.any(1)), "all of a clip or nothing"
    assert silenced.all(1).float().mean().item() == pytest.approx(dropped, abs=0.2)
    assert silenced.all(1).any() == bool(dropped)
    assert rendering.encoding.controls.equal(model.encoder.knob_positions(*many))
    assert set(rendering.encoding.terms) == ({"kl"} if training else set())


@pytest.mark.parametrize("chance", [-0.1, 1.0, float("nan")])
def test_a_residual_is_not_always_dropped(clip_format, chance):
    """It is a chance, and some clips must be left."""
    with pytest.raises(ValueError, match=r"model\.residual_dropout is"):
        TimbreAutoencoder(clip_format, residual_dropout=chance)


@pytest.mark.parametrize("weight", [-1.0, float("nan")])
def test_a_negative_knob_weight_is_refused(clip_format, weight):
    """It would teach the knobs to lie."""
    with pytest.raises(ValueError, match=r"model\.knob_weight is .*: it must not be negative"):
        TimbreAutoencoder(clip_format, knob_weight=weight)


@pytest.mark.parametrize(("share", "n_turned"), [(0.0, None), (0.25, 1), (0.3, 2), (1.0, 4)])
def test_turned_share(clip_format, batch, share, n_turned, monkeypatch):
    """The share of the batch whose knobs are turned, rounded up; none at 0."""
    model = TimbreAutoencoder(clip_format, decoder=SMALL, turned=TurnedKnobs(share=share))
    seen, turned_error = [], model.turned_error
    monkeypatch.setattr(
        model, "turned_error", lambda f0_hz, *rest: seen.append(len(f0_hz)) or turned_error(f0_hz, *rest)
    )
    _, logged = logged_by(model, model.training_step, batch)
    assert seen == ([] if n_turned is None else [n_turned])
    assert ("train/turned_knobs" in logged) == ("train/guard" in logged) == (n_turned is not None)


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
    copy = TimbreAutoencoder(clip_format, decoder=SMALL)
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
    resumed, trainer = TimbreAutoencoder(clip_format, decoder=SMALL), trainer_for(3)
    softer = Notes(batch._replace(audio=0.1 * batch.audio))
    trainer.fit(resumed, datamodule=softer, ckpt_path=checkpoint, weights_only=True)
    assert trainer.global_step == 3
    spans = torch.load(checkpoint, weights_only=True)["state_dict"]
    for index, descriptor in enumerate(resumed.encoder.each_descriptor()):
        assert descriptor.span.equal(spans[f"encoder.descriptors.{index}.range.span"])


def test_checkpoint_of_other_knobs_is_refused(checkpoint, clip_format):
    """The message names both sets of knobs."""
    other = TimbreAutoencoder(clip_format, lambda clip: DescriptorEncoder(clip, [Sharpness, Level]), decoder=SMALL)
    with pytest.raises(ValueError, match=r"knobs are level \(dB, linear\), .*; this model's are sharpness \(acum"):
        other.on_load_checkpoint(torch.load(checkpoint, weights_only=True))


def test_foreign_checkpoint_is_refused(model):
    """A checkpoint of something else is said to be one."""
    with pytest.raises(ValueError, match="not written by InterpretSynth"):
        model.on_load_checkpoint({"state_dict": model.state_dict()})


def test_other_tracker_is_refused_when_going_on(batch, checkpoint, clip_format, trainer_for):
    """Data whose pitch comes from another tracker than the checkpoint's."""
    resumed = TimbreAutoencoder(clip_format, decoder=SMALL)
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
    remark_on_tracker(trained, given)
    with pytest.raises(ValueError, match=r"data\.tracker"):
        remark_on_tracker("yin", "swift")


@every_family
def test_every_family_fits_and_is_kept(clip_format, batch, trainer_for, tmp_path, family):
    """Its ranges and bins are learnt, it is validated, and a checkpoint brings back the same sound."""
    model, copy = (TimbreAutoencoder(clip_format, FAMILIES[family], decoder=SMALL) for _ in range(2))
    trainer = trainer_for()
    trainer.fit(model, datamodule=Notes(batch))
    trainer.save_checkpoint(tmp_path / "one.ckpt")
    state = torch.load(tmp_path / "one.ckpt", weights_only=True)
    copy.load_state_dict(state["state_dict"])
    copy.on_load_checkpoint(state)
    assert rendered(copy, batch).equal(rendered(model, batch))
    assert bool(copy.encoder.calibrated) == (family != "autoencoder")


def test_a_checkpoint_of_other_factors_is_refused(clip_format, batch, trainer_for, tmp_path):
    """The same number of them would fit, and mean something else."""
    model, other = (
        TimbreAutoencoder(clip_format, partial(FAMILIES["disentangled"], factors=[name]), decoder=SMALL)
        for name in ("shape", "attack")
    )
    trainer = trainer_for()
    trainer.fit(model, datamodule=Notes(batch))
    trainer.save_checkpoint(tmp_path / "one.ckpt")
    with pytest.raises(ValueError, match=r"shape \(label\); this model's are .*attack \(label\)"):
        other.on_load_checkpoint(torch.load(tmp_path / "one.ckpt", weights_only=True))


def test_optimizer_without_an_end(model):
    """An endless run keeps its rate."""
    model._trainer = SimpleNamespace(estimated_stepping_batches=math.inf)
    assert isinstance(model.configure_optimizers(), torch.optim.Adam)


def test_state_dict_holds_no_format(model):
    """What can be computed from the format is not saved: the state is weights and ranges."""
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    kept = {name.split(".")[-1] for name in model.state_dict() if not name.startswith(("decoder", "synth.effects"))}
    assert kept == {"span", "by_pitch", "calibrated", "covariance", "quantiles", "pitches"} and file.tell() < 1_000_000


def test_mixed_precision_stops_at_the_synth(model, batch):
    """Under bfloat16 the network rounds; sound, loss and measured knobs are those of float32 from its parameters."""
    with torch.autocast("cpu", torch.bfloat16):
        torch.manual_seed(1)
        rendering = model(batch.audio, batch.f0_hz)
        loss = model.reconstruction(rendering.audio, batch.audio)
        measured = model.encoder.knob_positions(rendering.audio, batch.f0_hz)
    unrounded = model.decoder(batch.f0_hz, *rendering.encoding[:2])
    assert not any(value.equal(unrounded[name]) for name, value in rendering.parameters.items())
    assert all(value.dtype == torch.float32 for value in rendering.parameters.values())
    assert rendering.audio.dtype == loss.dtype == measured.dtype == torch.float32
    torch.manual_seed(1)
    exact = model.synth(batch.f0_hz, rendering.parameters)
    assert exact.equal(rendering.audio)
    torch.testing.assert_close(loss, model.reconstruction(exact, batch.audio), rtol=1e-6, atol=0)
    assert measured.equal(model.encoder.knob_positions(exact, batch.f0_hz))


def test_knobs_can_be_measured_on_the_layers(clip_format, batch):
    """In training only, and with gradients to the decoder; the sound is not asked."""
    model = TimbreAutoencoder(clip_format, decoder=SMALL, knobs_from="layers")
    rendering = model(batch.audio, batch.f0_hz)
    played = model.encoder.knob_positions_of_layers(model.synth.layers(batch.f0_hz, rendering.parameters))
    measured = model.measured_positions(rendering._replace(audio=torch.zeros_like(rendering.audio)), batch.f0_hz)
    torch.testing.assert_close(measured, played)
    measured.square().mean().backward()
    assert all(weight.grad.isfinite().all() and weight.grad.any() for weight in model.decoder.parameters())
    heard = model.eval().measured_positions(rendering, batch.f0_hz)
    torch.testing.assert_close(heard, model.encoder.knob_positions(rendering.audio, batch.f0_hz))


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
    controls = model.encoder.knob_positions(batch.audio, batch.f0_hz)
    rendering = model(batch.audio, batch.f0_hz)._replace(audio=batch.audio)
    asked = rendering._replace(encoding=rendering.encoding._replace(controls=controls))
    sounding = model.encoder.sounding(batch.audio, model.encoder.judged_every)
    assert model.knob_error(asked, batch.f0_hz, sounding).max() < 1e-4
