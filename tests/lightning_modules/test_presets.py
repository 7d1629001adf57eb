"""Presets are learnt from where clips come from, and chosen by name."""

from functools import partial

import pytest
import torch

from lightning_modules.encoders import BottleneckResidual, DescriptorEncoder, Trunk
from lightning_modules.encoders.residual import Residual
from lightning_modules.presets import learn_presets, preset_requests, set_preset
from lightning_modules.timbre_model import TimbreModel
from synths import Clip, sounding_mean
from synths.descriptors.request import KnobRequest


class Peak(Residual):
    """The highest sample of a clip, as a residual of two numbers."""

    def forward(self, audio, f0_hz):
        peak = audio.abs().amax(1)[:, None, None]
        return torch.cat([peak, -peak], -1).expand(-1, f0_hz.shape[1], -1), {}


@pytest.fixture
def model(clip_format):
    return TimbreModel(clip_format, partial(DescriptorEncoder, residual=partial(Peak, size=2))).eval()


def notes(clip, harmonic_tone, *each):
    """(name, pitch, peak) -> a batch."""
    audio = torch.cat([peak * 2 * harmonic_tone(clip, f0_hz) for _, f0_hz, peak in each])
    pitch = torch.tensor([f0_hz for _, f0_hz, _ in each])[:, None].expand(-1, clip.n_frames)
    return Clip(audio, pitch, torch.ones_like(pitch), [name for name, _, _ in each], {})


def test_every_folder_becomes_one_from_its_lowest_note_to_its_highest(model, clip_format, harmonic_tone):
    low, high = ("flute/a.flac#0", 440.0, 0.2), ("flute/b.flac#0", 880.0, 0.4)
    batches = [
        notes(clip_format, harmonic_tone, low, ("cello/a.flac#0", 220.0, 0.1)),
        notes(clip_format, harmonic_tone, high),
    ]
    presets = learn_presets(model, batches)
    assert list(presets) == ["cello", "flute"]
    assert presets["flute"].lowest_midi == 69 and presets["flute"].residual.shape == (13, 2)
    torch.testing.assert_close(presets["flute"].residual[[0, -1], 0], torch.tensor([0.2, 0.4]), atol=1e-3, rtol=0)
    assert presets["flute"].residual[6, 0].item() == pytest.approx(0.3, abs=1e-3)  # halfway, both count alike
    assert presets["cello"].residual.tolist() == [[pytest.approx(0.1, abs=1e-3), pytest.approx(-0.1, abs=1e-3)]]


def test_clips_without_a_folder_and_models_without_a_residual_have_none(model, clip_format, harmonic_tone):
    batch = notes(clip_format, harmonic_tone, ("a.flac#0", 440.0, 0.2))
    assert learn_presets(model, [batch]) == {}
    in_folder = notes(clip_format, harmonic_tone, ("flute/a.flac#0", 440.0, 0.2))
    assert learn_presets(TimbreModel(clip_format).eval(), [in_folder]) == {}


def test_of_many_clips_without_a_folder_the_ends_of_each_knob_become_two(model, clip_format, harmonic_tone):
    """At every pitch every second one is brighter: what is bright for its pitch counts, and not what is high."""
    batch = notes(clip_format, harmonic_tone, *((f"{n}", 110.0 * 2 ** (n // 2 / 12), 0.2) for n in range(50)))
    brighter = torch.diff(batch.audio, prepend=batch.audio[:, :1])
    presets = learn_presets(
        model, [batch._replace(audio=torch.where(torch.arange(50)[:, None] % 2 == 1, brighter, batch.audio))]
    )
    n_knobs = sum(not descriptor.is_level for descriptor in model.encoder.each_descriptor())
    assert len(presets) == 1 + 2 * n_knobs and {"dull", "piercing"} <= {*presets}
    assert next(iter(presets)) == "usual"
    index, f0_hz = model.encoder.knobs.index("sharpness"), torch.tensor([[165.0, 220.0, 330.0]])
    dull, usual, piercing = (presets[name].knobs_at(f0_hz)[0, :, index] for name in ("dull", "usual", "piercing"))
    assert bool((piercing > dull + 0.05).all() and (dull < usual).all() and (usual < piercing).all())
    assert learn_presets(model, [Clip(*(each[:49] for each in batch[:4]), {})]) == {}  # too few to have ends


def test_a_preset_replaces_what_is_heard(model, clip_format, harmonic_tone):
    batch = notes(clip_format, harmonic_tone, ("flute/a.flac#0", 440.0, 0.2))
    presets = learn_presets(model, [batch])
    heard = model.encoder(batch.audio, batch.f0_hz)
    set_preset(model, presets, "flute")
    chosen = model.encoder(2 * batch.audio, batch.f0_hz)
    torch.testing.assert_close(chosen.residual, heard.residual)
    assert not torch.allclose(chosen.controls, heard.controls)


def test_its_knobs_are_asked_but_for_level_and_what_is_put_somewhere(model, clip_format, harmonic_tone):
    batch = notes(clip_format, harmonic_tone, ("flute/a.flac#0", 440.0, 0.2))
    assert preset_requests(model, batch.f0_hz[0], []) == []
    set_preset(model, learn_presets(model, [batch]), "flute")
    others = [KnobRequest("sharpness", 0.3), KnobRequest("noisiness", 2.0, "jnd", moves=True)]
    asked = {request.knob: request.value for request in preset_requests(model, batch.f0_hz[0], others)}
    sounding = model.encoder.sounding(batch.audio, model.encoder.judged_every)
    means = sounding_mean(model.encoder(batch.audio, batch.f0_hz).controls, sounding, model.encoder.judged_every)[0]
    own = dict(zip(model.encoder.knobs, means.tolist(), strict=True))
    assert set(asked) == {"fundamental_share", "odd_even_balance", "noisiness"}
    assert asked == {knob: pytest.approx(own[knob], abs=1e-4) for knob in asked}


def test_an_unknown_one_is_refused(model):
    with pytest.raises(ValueError, match="--preset kazoo: this model has no preset of that name: leave it out"):
        set_preset(model, {}, "kazoo")


def test_a_learnt_residual_gives_presets_too(clip_format, harmonic_tone):
    trunk = partial(BottleneckResidual, size=3, trunk=partial(Trunk, width=16))
    model = TimbreModel(clip_format, partial(DescriptorEncoder, residual=trunk)).eval()
    presets = learn_presets(model, [notes(clip_format, harmonic_tone, ("flute/a.flac#0", 440.0, 0.2))])
    assert presets["flute"].residual.shape == (1, 3) and presets["flute"].residual.abs().max() <= 1
