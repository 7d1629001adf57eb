"""What is asked is nearer live, too; nothing is known of what comes; silence and nonsense are stood."""

from functools import partial

import pytest
import torch

from instrument.instrument import Instrument
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.encoders import DescriptorEncoder, Encoding
from lightning_modules.live import Live
from projection import Target
from synths import ClipFormat, FilteredNoise, Harmonics, Level, Part, Roughness, Sharpness, SMSSynth

CLIP = ClipFormat(sample_rate=16000, n_samples=12800, hop=160)


class Steady(torch.nn.Module):
    """A decoder that plays one tone with a swell, whatever it is asked."""

    def forward(self, f0_hz, controls, residual):
        """Falling partials over noise."""
        swell = torch.sin(torch.linspace(0, 5, f0_hz.shape[1]))[:, None].expand(len(f0_hz), -1, -1)
        return {
            "harmonic_gain": 0.5 + 0.3 * swell,
            "harmonic_balance": -0.2 * torch.arange(1, 101).expand(*f0_hz.shape, -1) + 0.5 * swell,
            "noise_bands": torch.zeros(*f0_hz.shape, 65) + 0.2 * swell,
        }


def model_of(descriptors=None, parts=(Harmonics, FilteredNoise)):
    """A model whose decoder is deaf."""
    encoder = DescriptorEncoder if descriptors is None else partial(DescriptorEncoder, descriptors=descriptors)
    model = TimbreAutoencoder(CLIP, encoder=encoder, synth=partial(SMSSynth, parts=parts)).eval()
    model.decoder = Steady()
    return model


def asked_of(model, f0_hz, moved=()):
    """The open sound's knobs, some of them moved by so many tolerances: an encoding."""
    n_knobs = len(model.encoder.knobs)
    nothing = torch.zeros(*f0_hz.shape, 0)
    torch.manual_seed(0)
    with torch.no_grad():
        open_audio = model.synth(f0_hz, model.decoder(f0_hz, nothing, nothing))
    target = Target(list(model.encoder.each_descriptor()))
    own = target.of_sound(open_audio, f0_hz, 1)
    steps = torch.zeros(n_knobs)
    for knob, tolerances in moved:
        steps[model.encoder.knobs.index(knob)] = tolerances
    return Encoding(own + steps * target.tolerance(own), nothing, {}), open_audio


def off(model, audio, f0_hz, encoding):
    """(B, C) tolerances off in the mean over the second half."""
    target, half = Target(list(model.encoder.each_descriptor())), CLIP.n_frames // 2
    heard = target.of_sound(audio, f0_hz, 1)[:, half:-4].mean(1)
    asked = encoding.controls[:, half:-4].mean(1)
    return (heard - asked) / target.tolerance(asked)


@pytest.mark.parametrize("moved", [("level", -6.0), ("sharpness", 2.0), ("odd_even_balance", 2.0), ("noisiness", 2.0)])
def test_a_turned_knob_is_met_and_the_others_hold(moved):
    """At two pitches: within a third of what is heard, where the deaf decoder is off by all of it."""
    model = model_of()
    f0_hz = torch.tensor([220.0, 523.0])[:, None].repeat(1, CLIP.n_frames)
    encoding, open_audio = asked_of(model, f0_hz, [moved])
    audio = Live(model)(f0_hz, encoding).audio
    index = model.encoder.knobs.index(moved[0])
    assert (off(model, open_audio, f0_hz, encoding)[:, index].abs() > 1.5).all()
    assert (off(model, audio, f0_hz, encoding).abs() < 0.34).all()


def test_nothing_is_known_of_what_comes():
    """Other requests from frame 40 on: the sound up to there is the same, but for the window of the last hops."""
    model = model_of()
    f0_hz = torch.full((1, CLIP.n_frames), 220.0)
    encoding, _ = asked_of(model, f0_hz)
    later = encoding.controls.clone()
    later[:, 40:] += 0.2
    live, heard = Live(model), []
    for controls in (encoding.controls, later):
        torch.manual_seed(1)
        heard.append(live(f0_hz, Encoding(controls, encoding.residual, {})).audio)
    assert heard[0][:, : 39 * CLIP.hop].equal(heard[1][:, : 39 * CLIP.hop]) and not heard[0].equal(heard[1])


def test_it_is_what_the_instrument_plays():
    """The same code: with the same noise, in blocks of any number of frames."""
    model = TimbreAutoencoder(CLIP).eval()
    torch.nn.init.normal_(model.decoder.heads.weight, std=0.3)
    f0_hz = 220.0 * 2.0 ** (0.2 * torch.sin(torch.arange(40) / 6.0))[None]
    controls = 0.5 + 0.2 * torch.sin(torch.arange(40)[:, None] / torch.tensor([7.0, 9.0, 11.0, 13.0, 17.0]))[None]
    torch.manual_seed(2)
    expected = Live(model)(f0_hz, Encoding(controls, torch.zeros(1, 40, 0), {})).audio
    torch.manual_seed(2)
    noise = model.synth.white_noise(f0_hz)
    instrument = Instrument(model, exact=True)
    assert expected.abs().max() > 0.01
    for block_frames in (1, 7, 64):
        heard = instrument.render(f0_hz, controls, None, noise, block_frames)
        torch.testing.assert_close(heard, expected, atol=1e-4, rtol=0)


def test_silence_and_nonsense():
    """A request that no sound meets, one that is no number, and a decoder that is silent: a finite sound."""
    model = model_of()
    f0_hz = torch.full((3, CLIP.n_frames), 220.0)
    encoding, _ = asked_of(model, f0_hz)
    controls = encoding.controls.clone()
    controls[0], controls[1, 20:30], controls[2, :, 0] = 5.0, torch.nan, 0.0
    audio = Live(model)(f0_hz, Encoding(controls, encoding.residual, {})).audio
    assert audio.isfinite().all() and audio.abs().max() < 200.0
    assert audio[1, -CLIP.hop * 20 :].abs().max() > 0.01
    assert audio[2, CLIP.hop * 20 :].square().mean() < 1e-6


def test_what_only_sound_can_tell_follows_the_decoder():
    """Its place among the controls is passed over."""
    model = model_of([Level, Roughness, Sharpness])
    live = Live(model)
    assert live.met.names == ["level", "sharpness"] and live.met.indices == [0, 2]


def test_what_cannot_be_met_is_said():
    """One sentence for a model without such a knob, and for a part that cannot say what it plays."""

    class Other(Part):
        def __init__(self, clip):
            super().__init__()
            self.sizes = {"other": 1}

    with pytest.raises(ValueError, match="no knob that can be met"):
        Live(model_of([Roughness]))
    with pytest.raises(ValueError, match="Other of the synth cannot say what it plays: render the open sound"):
        Live(model_of(parts=(Harmonics, Other)))
