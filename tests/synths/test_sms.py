"""The synth is the sum of its parts, then its effects."""

import pytest
import torch
from torch import nn

from synths import FilteredNoise, Harmonics, Part, Reverb, SMSSynth


@pytest.fixture
def score(clip_format):
    """Synth -> a glide and random raw parameters for it."""

    def build(synth):
        f0_hz = torch.linspace(150, 400, clip_format.n_frames).expand(2, -1).clone()
        raw = {name: torch.randn(2, clip_format.n_frames, size) for name, size in synth.sizes.items()}
        return f0_hz, raw

    return build


class Half(nn.Module):
    """An effect that halves."""

    def __init__(self, clip):
        super().__init__()

    def forward(self, audio):
        """Half of the audio."""
        return 0.5 * audio


class Square(Half):
    """An effect that does not commute with halving."""

    def forward(self, audio):
        """The square of the audio."""
        return audio.square()


def test_sum_of_parts(clip_format, score):
    """Harmonics plus noise, with the same noise."""
    synth = SMSSynth(clip_format, effects=())
    f0_hz, raw = score(synth)
    torch.manual_seed(3)
    audio = synth(f0_hz, raw)
    torch.manual_seed(3)
    torch.testing.assert_close(audio, Harmonics(clip_format)(f0_hz, raw) + FilteredNoise(clip_format)(f0_hz, raw))


def test_effects_in_order(clip_format, score):
    """Each effect hears the one before it."""
    dry = SMSSynth(clip_format, parts=[Harmonics], effects=())
    f0_hz, raw = score(dry)
    audio = dry(f0_hz, raw)
    for effects, expected in (([Half, Square], (0.5 * audio) ** 2), ([Square, Half], 0.5 * audio**2)):
        torch.testing.assert_close(SMSSynth(clip_format, [Harmonics], effects)(f0_hz, raw), expected)


def test_sizes_are_those_of_all_parts(clip_format):
    """The decoder learns of every parameter, once."""
    synth = SMSSynth(clip_format)
    assert synth.sizes == Harmonics(clip_format).sizes | FilteredNoise(clip_format).sizes


def test_two_parts_of_a_kind(clip_format, score):
    """The second finds its parameters as NAME_2; each plays its own, with noise of its own."""
    synth = SMSSynth(clip_format, parts=[Harmonics, FilteredNoise, Harmonics, FilteredNoise], effects=())
    assert list(synth.sizes) == [
        *("harmonic_gain", "harmonic_balance", "noise_bands"),
        *("harmonic_gain_2", "harmonic_balance_2", "noise_bands_2"),
    ]
    f0_hz, raw = score(synth)
    white = 2.0 * torch.rand(2, clip_format.n_frames, 2 * clip_format.hop) - 1.0
    expected = 0.0
    for ending, noise in zip(("", "_2"), white.chunk(2, dim=-1), strict=True):
        own = {name: raw[f"{name}{ending}"] for name in ("harmonic_gain", "harmonic_balance", "noise_bands")}
        one = SMSSynth(clip_format, effects=())
        expected = expected + one(f0_hz, own | {"white_noise": noise})
    torch.testing.assert_close(synth(f0_hz, raw | {"white_noise": white}), expected)


def test_dry_switches_effects_off_and_back(clip_format, score):
    """Also when something is raised inside; one that was off stays off."""
    synth = SMSSynth(clip_format, parts=[Harmonics], effects=[Reverb, Reverb])
    synth.effects[1].enabled = False
    f0_hz, raw = score(synth)
    with pytest.raises(KeyError), synth.dry():
        assert synth(f0_hz, raw).equal(SMSSynth(clip_format, [Harmonics], ())(f0_hz, raw))
        raise KeyError
    assert [effect.enabled for effect in synth.effects] == [True, False]


def test_gradient_to_every_parameter(clip_format, score):
    """Finite and not zero for pitch, raw parameters and all that the synth itself learns."""
    synth = SMSSynth(clip_format)
    f0_hz, raw = score(synth)
    leaves = {"f0_hz": f0_hz, **raw}
    for leaf in leaves.values():
        leaf.requires_grad_()
    leaves |= dict(synth.named_parameters())
    assert "effects.0.shape" in leaves
    gradients = torch.autograd.grad(synth(f0_hz, raw).square().sum(), leaves.values())
    for name, gradient in zip(leaves, gradients, strict=True):
        assert gradient.isfinite().all() and gradient.any(), name


def test_layers_are_those_of_the_parts(clip_format, score):
    """Pitch, amplitudes and noise gains; nothing where a part is missing."""
    synth = SMSSynth(clip_format)
    f0_hz, raw = score(synth)
    layers = synth.layers(f0_hz, raw)
    harmonics, noise = Harmonics(clip_format), FilteredNoise(clip_format)
    assert layers.f0_hz is f0_hz and layers.amplitudes.equal(harmonics.amplitudes(f0_hz, raw))
    assert layers.noise_magnitudes.equal(noise.magnitudes(raw))
    tone = SMSSynth(clip_format, parts=[Harmonics]).layers(f0_hz, raw)
    assert tone.noise_magnitudes.shape == (2, clip_format.n_frames, 0)


def test_layers_of_an_unknown_part_are_refused(clip_format, score):
    """What it plays cannot be guessed, and that can be known beforehand."""

    class Clicks(Part):
        def __init__(self, clip):
            super().__init__()
            self.sizes = {"click": 1}

    synth = SMSSynth(clip_format, parts=[Harmonics, Clicks])
    f0_hz, raw = score(synth)
    with pytest.raises(NotImplementedError, match="Clicks cannot say what it plays"):
        synth.layers(f0_hz, raw)
    assert synth.parts_without_layers() == ["Clicks"] and not SMSSynth(clip_format).parts_without_layers()


@pytest.mark.parametrize("parts", [[Harmonics, FilteredNoise], [FilteredNoise, Harmonics, FilteredNoise]])
def test_what_is_played_is_the_sound_of_the_parameters(clip_format, score, parts):
    """Bit for bit, in a room, with the noise that would have been drawn; and changed numbers change the sound."""
    synth = SMSSynth(clip_format, parts)
    f0_hz, raw = score(synth)
    torch.manual_seed(3)
    audio = synth(f0_hz, raw)
    torch.manual_seed(3)
    white_noise, played = synth.white_noise(f0_hz), synth.played(f0_hz, raw)
    assert synth.play(f0_hz, played, white_noise).equal(audio)
    torch.manual_seed(3)
    assert synth.play(f0_hz, played).equal(audio)
    doubled = [{name: 2.0 * values for name, values in own.items()} for own in played]
    torch.testing.assert_close(synth.play(f0_hz, doubled, white_noise), 2.0 * audio, rtol=1e-4, atol=1e-5)


def test_a_part_that_renders_parameters_only_is_named(clip_format, score):
    """`play` cannot serve it."""

    class Clicks(Part):
        def __init__(self, clip):
            super().__init__()
            self.sizes = {"clicks": 1}

        def forward(self, f0_hz, parameters):
            return parameters["clicks"].expand(-1, -1, 160).flatten(1)

    assert SMSSynth(clip_format).parts_that_cannot_play() == []
    assert SMSSynth(clip_format, [Harmonics]).white_noise(torch.ones(1, 2)) is None
    synth = SMSSynth(clip_format, [Harmonics, Clicks])
    assert synth.parts_that_cannot_play() == ["Clicks"]
    with pytest.raises(NotImplementedError, match="Clicks cannot play other numbers than its parameters"):
        synth.parts[1].play(torch.ones(1, 20), {})


def test_behind_the_gate_only_the_effects_sound(clip_format, score):
    """The room rings on by its response, as long as it says; afterwards all is as before."""
    synth = SMSSynth(clip_format, parts=[Harmonics], effects=[lambda clip: Reverb(clip, duration_s=0.02)])
    f0_hz, raw = score(synth)
    before = synth(f0_hz, raw)
    with synth.gated(torch.arange(clip_format.n_samples) < 1600):
        gated = synth(f0_hz, raw)
        assert synth.tail_samples == 319
    torch.testing.assert_close(gated[:, :1600], before[:, :1600], atol=1e-5, rtol=0.0)
    assert gated[:, 1600:1900].abs().max() > 1e-4 and gated[:, 1919:].abs().max() < 1e-5
    with synth.dry():
        assert not synth.tail_samples
    assert synth(f0_hz, raw).equal(before)
