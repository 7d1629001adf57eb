"""A fit in the network's place: nearer to the recording at rest, and its knobs are met all the same."""

import pytest
import torch
from torch import nn

from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.exact import Exact
from lightning_modules.faithful import fit_recording
from lightning_modules.losses import MultiResolution
from projection import Target
from synths import ClipFormat, sounding_mean

CLIP = ClipFormat(sample_rate=16000, n_samples=8000, hop=160)


class Louder(nn.Module):
    """A decoder that plays one balance, as loud as the first knob says."""

    def forward(self, f0_hz, controls, residual):
        """Falling partials over noise."""
        gain = 4.0 * controls[..., :1] - 3.0
        balance = -0.2 * torch.arange(1, 101).expand(*f0_hz.shape, -1)
        return {"harmonic_gain": gain, "harmonic_balance": balance, "noise_bands": torch.zeros(*f0_hz.shape, 65)}


@pytest.fixture
def recorded():
    """A model, and a reed's odd partials with a little noise: what the decoder cannot play."""
    model = TimbreAutoencoder(CLIP).eval()
    model.decoder = Louder()
    time_s = torch.arange(CLIP.n_samples) / CLIP.sample_rate
    tone = sum(0.1 / k * torch.sin(2 * torch.pi * 250.0 * k * time_s) for k in (1, 3, 5, 7, 9))
    hiss = 0.002 * torch.randn(CLIP.n_samples, generator=torch.Generator().manual_seed(3))
    return model, (tone + hiss)[None], torch.full((1, CLIP.n_frames), 250.0)


@torch.no_grad()
def rendered(recorded, nudge, faithful):
    """Sound with all knobs moved so far, and what each misses in tolerances."""
    model, audio, f0_hz = recorded
    torch.manual_seed(0)
    encoding = model.encoder(audio, f0_hz)
    fit = fit_recording(model, audio, f0_hz, encoding) if faithful else None
    controls = encoding.controls + torch.tensor(nudge)
    every = model.encoder.judged_every
    sounding = model.encoder.sounding(audio, every)
    asked = encoding._replace(controls=controls, own=encoding.controls)
    sound = Exact(model, fit=fit)(f0_hz, asked, sounding, torch.tensor([[move != 0.0 for move in nudge]])).audio
    wanted = sounding_mean(controls, sounding, every)
    target = Target(list(model.encoder.each_descriptor()))
    return sound, (sounding_mean(target.of_sound(sound, f0_hz, every), sounding) - wanted) / target.tolerance(wanted)


def test_at_rest_it_is_nearer_to_the_recording_than_the_network(recorded):
    """By half of the distance that exact knobs leave."""
    distance, (_, audio, _) = MultiResolution(CLIP), recorded
    exact, faithful = (rendered(recorded, [0.0] * 5, each)[0] for each in (False, True))
    assert distance(faithful, audio) < 0.5 * distance(exact, audio)


def test_at_rest_it_is_the_fit(recorded):
    """Its sound, bit for bit."""
    model, audio, f0_hz = recorded
    torch.manual_seed(0)
    with torch.no_grad():
        fit = fit_recording(model, audio, f0_hz, model.encoder(audio, f0_hz))
        assert rendered(recorded, [0.0] * 5, True)[0].equal(model.synth.play(f0_hz, fit.played, fit.white_noise))


@pytest.mark.parametrize("nudge", [[-0.1, 0.0, 0.0, 0.0, 0.0], [0.0, 0.05, 0.0, 0.0, 0.0]])
def test_knobs_are_met(recorded, nudge):
    """Turned ones and those that hold."""
    assert rendered(recorded, nudge, True)[1].abs().max() < 0.1


def test_without_knobs_it_is_the_fit(recorded):
    """Its sound, bit for bit."""
    model, audio, f0_hz = recorded
    model = TimbreAutoencoder(CLIP, encoder=lambda clip: type(recorded[0].encoder)(clip, [])).eval()
    model.decoder = recorded[0].decoder
    model.decoder.forward = lambda f0_hz, controls, residual: Louder().forward(f0_hz, f0_hz[..., None] * 0.0, residual)
    with torch.no_grad():
        encoding = model.encoder(audio, f0_hz)
        fit = fit_recording(model, audio, f0_hz, encoding, n_steps=1)
        expected = model.synth.play(f0_hz, fit.played, fit.white_noise)
        assert Exact(model, fit=fit)(f0_hz, encoding).audio.equal(expected)
