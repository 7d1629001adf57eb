"""A part of one's own: partials anywhere, without a memory, without words; one file, and every room takes it."""

import math

import pytest
import torch

from synths import ClipFormat, FilteredNoise, Harmonics, Layers, Part, Reverb, SMSSynth, measure_all, measure_all_layers
from synths.descriptors import FundamentalShare, Level, Noisiness, OddEvenBalance, Sharpness, SpectralCentroid
from synths.layers import layers_together, parts_scaled
from synths.signal import exp_sigmoid
from synths.streaming import StreamingPart, StreamingSynth

CLIP = ClipFormat(16000, 16000, 160)


class Strings(Part):
    """Ten partials of a stiff string, each a sine of its own frequency, held for a frame."""

    def __init__(self, clip, stiffness=1e-3):
        super().__init__()
        self.clip, self.sizes = clip, {"string_gains": 10}
        k = torch.arange(1, 11)
        self.register_buffer("ratios", k * (1.0 + stiffness * k * k).sqrt(), persistent=False)

    def gains(self, parameters):
        """(B, F, 10)."""
        return 0.1 * exp_sigmoid(parameters["string_gains"])

    def hops(self, f0_hz, parameters, turns):
        """Phases (B, 10) at the start -> (B, F * hop), phases at the end."""
        step = (f0_hz[..., None] * self.ratios).double() / self.clip.sample_rate
        start = turns[:, None] + self.clip.hop * (step.cumsum(1) - step)
        place = start[:, :, None] + step[:, :, None] * torch.arange(self.clip.hop)[:, None]
        audio = (self.gains(parameters)[:, :, None] * torch.sin(2 * math.pi * (place - place.floor())).float()).sum(-1)
        end = start[:, -1] + self.clip.hop * step[:, -1]
        return audio.flatten(1), end - end.floor()

    def forward(self, f0_hz, parameters):
        return self.hops(f0_hz, parameters, f0_hz.new_zeros(len(f0_hz), 10).double())[0]

    def layers(self, f0_hz, parameters):
        return {"amplitudes": self.gains(parameters), "frequencies_hz": f0_hz[..., None] * self.ratios}

    def streaming(self):
        return StreamingStrings(self)


class StreamingStrings(StreamingPart):
    """No latency; a phase per partial."""

    def __init__(self, part):
        super().__init__()
        self.part, self.hop = part, part.clip.hop

    def initial_state(self, batch):
        return {"turns": torch.zeros(batch, 10, dtype=torch.float64)}

    def forward(self, f0_hz, parameters, state):
        audio, turns = self.part.hops(f0_hz, parameters, state["turns"])
        return audio, {"turns": turns}


class Clicks(Part):
    """A click at every frame: no words for it, no memory."""

    def __init__(self, clip):
        super().__init__()
        self.clip, self.sizes = clip, {"click": 1}

    def forward(self, f0_hz, parameters):
        click = torch.nn.functional.pad(parameters["click"].tanh(), (0, self.clip.hop - 1))
        return click.flatten(1)

    def streaming(self):
        return StreamingClicks(self)


class StreamingClicks(StreamingPart):
    """Nothing but `forward` is to be written."""

    def __init__(self, part):
        super().__init__()
        self.part, self.hop = part, part.clip.hop

    def forward(self, f0_hz, parameters, state):
        return self.part(f0_hz, parameters), {}


def score(synth, n_frames=50):
    """A pitch and raw parameters, with noise for all."""
    raw = {name: torch.randn(1, n_frames, size) for name, size in synth.sizes.items()}
    noise = 2.0 * torch.rand(1, n_frames, CLIP.hop * 2) - 1.0
    n_noises = sum(part.wants_noise for part in synth.parts)
    return torch.linspace(150.0, 300.0, n_frames)[None], raw | {"white_noise": noise[..., : n_noises * CLIP.hop]}


@pytest.mark.parametrize(
    "parts",
    [
        (Strings,), (Clicks,), (Clicks, Clicks), (Harmonics, Strings), (Harmonics, Clicks, FilteredNoise),
        (Harmonics, Harmonics), (FilteredNoise, Harmonics, FilteredNoise), (Strings, Strings, Harmonics, Harmonics),
    ],
)  # fmt: skip
@pytest.mark.parametrize("effects", [(), (Reverb, Reverb)])
def test_streams_as_it_renders(parts, effects):
    """In blocks, to the end, whoever waits for whom."""
    synth = SMSSynth(CLIP, parts, effects).requires_grad_(False)
    f0_hz, raw = score(synth)
    stream = StreamingSynth(synth)
    state, heard = stream.initial_state(1), []
    for start in range(0, 50, 7):
        block = slice(start, start + 7)
        audio, state = stream(f0_hz[:, block], {name: x[:, block] for name, x in raw.items()}, state)
        heard.append(audio)
    late = torch.cat([*heard, stream.finish(state)], dim=1)[:, stream.latency_frames * CLIP.hop :]
    torch.testing.assert_close(late, synth(f0_hz, raw), atol=1e-4, rtol=0)


def test_harmonics_by_their_frequencies_are_harmonics():
    """Written as partials at any frequency they measure the same, to rounding."""
    f0_hz, amplitudes, noise = torch.full((1, 20), 220.0), torch.rand(1, 20, 30), torch.rand(1, 20, 65)
    plain = Layers(f0_hz, amplitudes, noise)
    free = plain._replace(frequencies_hz=plain.partials_hz)
    kinds = [Level, Sharpness, SpectralCentroid, FundamentalShare, OddEvenBalance, Noisiness]
    descriptors = [kind(CLIP) for kind in kinds]
    both = (measure_all_layers(descriptors, layers) for layers in (plain, free))
    for one, other in zip(*both, strict=True):
        torch.testing.assert_close(other, one, atol=1e-4, rtol=1e-4)


def test_partials_count_as_the_nearest_harmonic():
    """Also far from all of them, below the pitch and without one: no tone is lost."""
    hz = torch.tensor([[[220.0, 600.0, 640.0, 60.0, 30000.0]]])
    layers = Layers(torch.tensor([[220.0]]), torch.ones(1, 1, 5), torch.zeros(1, 1, 0), hz)
    power = layers.partials_power()[0, 0]
    assert power[0] == 2.0 and power[2] == 2.0 and power[127] == 1.0 and power.sum() == 5.0
    assert layers._replace(f0_hz=torch.zeros(1, 1)).partials_power().sum() == 5.0


def test_layers_of_strings_are_what_is_heard():
    """Measured on its layers and on its sound, a string of little stiffness is the same."""
    part = Strings(CLIP, stiffness=1e-5)
    f0_hz, raw = torch.full((1, 100), 220.0), {"string_gains": torch.linspace(2.0, -2.0, 10).expand(1, 100, 10)}
    synth = SMSSynth(CLIP, [lambda clip: part], ())
    kinds = [Level, Sharpness, SpectralCentroid, FundamentalShare, OddEvenBalance]
    descriptors = [kind(CLIP) for kind in kinds]
    heard = measure_all(descriptors, synth(f0_hz, raw), f0_hz)
    said = measure_all_layers(descriptors, synth.layers(f0_hz, raw))
    for descriptor, one, other in zip(descriptors, heard, said, strict=True):
        low, high = descriptor.default_span
        assert abs((one - other)[0, 20:80].mean().item()) < 0.02 * (high - low), descriptor.name


@pytest.mark.parametrize("parts", [(Harmonics, Harmonics), (Harmonics, lambda clip: Harmonics(clip, 7))])
def test_harmonics_of_two_parts_are_in_phase(parts):
    """Their amplitudes add, as their sound does."""
    synth = SMSSynth(CLIP, parts, ())
    f0_hz, raw = score(synth, 100)
    f0_hz, raw = torch.full_like(f0_hz, 220.0), {name: x[:, :1].expand_as(x) for name, x in raw.items()}
    layers = synth.layers(f0_hz, raw)
    assert layers.frequencies_hz is None
    heard, said = Level(CLIP).measure(synth(f0_hz, raw), f0_hz), Level(CLIP).measure_layers(layers)
    assert abs((heard - said)[0, 20:80]).max() < 0.1


@pytest.mark.parametrize("n_bands", [65, 33, 129])
def test_noises_of_two_parts_are_independent(n_bands):
    """Their powers add, on the finest grid; level and centroid are those of the sound."""
    torch.manual_seed(0)
    synth = SMSSynth(CLIP, (FilteredNoise, lambda clip: FilteredNoise(clip, n_bands)), ())
    f0_hz, raw = torch.full((8, 100), 220.0), {}
    for name, size in synth.sizes.items():
        raw[name] = (4.0 + 3.0 * torch.sin(torch.linspace(0.0, 4.0, size))).expand(8, 100, size)
    layers = synth.layers(f0_hz, raw)
    assert layers.noise_magnitudes.shape[-1] == max(65, n_bands)
    descriptors = [Level(CLIP), SpectralCentroid(CLIP)]
    heard = [x.mean() for x in measure_all(descriptors, synth(f0_hz, raw), f0_hz)]
    said = [x.mean() for x in measure_all_layers(descriptors, layers)]
    assert abs(heard[0] - said[0]) < 0.5 and heard[1].item() == pytest.approx(said[1].item(), rel=0.03)


def test_partials_of_unlike_parts_stand_side_by_side():
    """Amplitudes and frequencies, harmonics first, with gradients."""
    synth = SMSSynth(CLIP, (Harmonics, Strings, Strings), ())
    f0_hz, raw = score(synth)
    raw = {name: x.requires_grad_() for name, x in raw.items()}
    layers = synth.layers(f0_hz, raw)
    assert layers.amplitudes.shape == layers.frequencies_hz.shape == (1, 50, 120)
    values = measure_all_layers([FundamentalShare(CLIP), SpectralCentroid(CLIP)], layers)
    gradients = torch.autograd.grad(sum(x.sum() for x in values), [raw[name] for name in synth.sizes])
    assert all(gradient.isfinite().all() and gradient.any() for gradient in gradients)


def test_gains_of_layers_are_gains_of_the_parts():
    """What the parts play with their shares of the gains is what they play together, with the gains."""
    f0_hz, shape = torch.full((2, 3), 220.0), (2, 3)
    each = [
        {"amplitudes": torch.rand(*shape, 3)},
        {"amplitudes": torch.rand(*shape, 4), "frequencies_hz": 100.0 + torch.rand(*shape, 4)},
        {"amplitudes": torch.rand(*shape, 5), "noise_magnitudes": torch.rand(*shape, 6)},
        {"amplitudes": torch.rand(*shape, 2), "frequencies_hz": 900.0 + torch.rand(*shape, 2)},
    ]
    log_gains = -torch.rand(*shape, 5 + 4 + 2 + 6)
    together = layers_together(f0_hz, each).scaled(log_gains)
    apart = layers_together(f0_hz, parts_scaled(each, log_gains))
    for found, expected in zip(apart, together, strict=True):
        torch.testing.assert_close(found, expected)
    coarse = parts_scaled([*each, {"noise_magnitudes": torch.ones(*shape, 3)}], log_gains)[-1]["noise_magnitudes"]
    torch.testing.assert_close(coarse[..., 0].log(), log_gains[..., 11])
    torch.testing.assert_close(coarse[..., 1].log(), log_gains[..., 13:15].mean(-1))
