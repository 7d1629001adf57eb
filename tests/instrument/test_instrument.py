"""An instrument is its model, played."""

from functools import partial

import pytest
import torch

from instrument.instrument import Instrument, strayed_from
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder, MinGruDecoder, TcnDecoder
from lightning_modules.encoders import DescriptorEncoder, DisentangledEncoder, Trunk
from synths import ClipFormat, FilteredNoise, Harmonics, SMSSynth
from synths.streaming import LOUDEST, StreamingHarmonics

N_FRAMES = 40
DECODERS = {
    "gru": partial(GruDecoder, width=16),
    "tcn": partial(TcnDecoder, width=16, n_layers=3),
    "mingru": partial(MinGruDecoder, width=16),
}


class WithResidual(DescriptorEncoder):
    """A residual of two."""

    def __init__(self, clip):
        super().__init__(clip)
        self.residual_size = 2


def model_of(decoder="gru", hop=64, **options):
    """A small model at 16 kHz, loud enough to be compared."""
    model = TimbreAutoencoder(ClipFormat(16000, 100 * hop, hop), decoder=DECODERS[decoder], **options).eval()
    torch.nn.init.normal_(model.decoder.heads.weight, std=0.5)
    return model


def curves_of(model, batch=1):
    """Pitch, controls, residual and white noise."""
    f0_hz = 200.0 + 150.0 * torch.sin(torch.arange(N_FRAMES) / 5.0) * torch.linspace(0.5, 1.0, batch)[:, None]
    controls = torch.rand(batch, N_FRAMES, len(model.encoder.controls))
    residual = torch.randn(batch, N_FRAMES, model.encoder.residual_size)
    return f0_hz, controls, residual, 2.0 * torch.rand(batch, N_FRAMES, model.clip.hop) - 1.0


@torch.no_grad()
def offline(model, f0_hz, controls, residual, white_noise):
    """The model's own rendering."""
    return model.synth(f0_hz, model.decoder(f0_hz, controls, residual) | {"white_noise": white_noise})


@pytest.mark.parametrize("block_frames", [1, 7, 64])
@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("hop", [64, 160])
def test_equals_offline(decoder, hop, block_frames):
    """Every decoder, two voices, to the last hop."""
    model = model_of(decoder, hop, encoder=WithResidual)
    curves = curves_of(model, batch=2)
    expected = offline(model, *curves)
    assert expected.abs().max() > 0.01
    torch.testing.assert_close(Instrument(model).render(*curves, block_frames), expected, atol=1e-4, rtol=0)


def test_latency():
    """Two frames of 4 ms."""
    instrument = Instrument(model_of())
    assert instrument.latency_frames == 2 and instrument.latency_s == pytest.approx(0.008)


def test_plays_as_it_goes():
    """A block of sound for each block of frames, and the latency at the end; noise is drawn where none is given."""
    model = model_of()
    f0_hz, controls, _, _ = curves_of(model)
    heard = [block.shape[1] for block in Instrument(model).play(f0_hz, controls, block_frames=16)]
    assert heard == [16 * 64, 16 * 64, 8 * 64, 2 * 64]
    assert Instrument(model).render(f0_hz, controls).shape == (1, N_FRAMES * 64)


def test_two_notes_do_not_hear_each_other():
    """Each starts from a state of its own."""
    model = model_of()
    instrument, curves = Instrument(model), curves_of(model)
    once, twice = instrument.render(*curves), instrument.render(*curves)
    assert once.equal(twice)


def test_the_model_stays_as_it_is():
    """The instrument is a frozen copy: training on does not change it, nor does it stop training."""
    model = model_of().train()
    instrument, curves = Instrument(model), curves_of(model)
    before = instrument.render(*curves)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(1.0)
    assert instrument.render(*curves).equal(before)
    assert model.training and all(weight.requires_grad for weight in model.parameters())
    assert not any(weight.requires_grad for weight in instrument.parameters())


def test_knobs_are_the_encoders():
    """In order, with unit, range and what each pitch reaches."""
    model = model_of()
    model.encoder.each_descriptor().__next__().range.by_pitch[4] = torch.tensor([-60.0, -20.0])
    assert Instrument(model).knobs[0].reach[4] == pytest.approx((45.0, 0.25, 0.75))
    named = [(knob.name, knob.unit) for knob in Instrument(model).knobs]
    assert named == [
        ("level", "dB"),
        ("sharpness", "acum"),
        ("fundamental_share", "1"),
        ("odd_even_balance", "dB"),
        ("noisiness", "dB"),
    ]
    assert all(
        (knob.low, knob.high) == pytest.approx(d.default_span)
        for knob, d in zip(Instrument(model).knobs, model.encoder.each_descriptor(), strict=True)
    )


def test_factors_are_knobs_too():
    """After the descriptors', from 0 to 1 without a unit or a reach; what they play equals the model."""
    encoder = partial(DisentangledEncoder, factors=["vco_2.shape"], trunk=partial(Trunk, width=16), residual_size=2)
    model = model_of(encoder=encoder)
    instrument, curves = Instrument(model), curves_of(model)
    assert [knob.name for knob in instrument.knobs] == model.encoder.controls
    assert instrument.knobs[-1] == ("vco_2.shape", "share", "linear", 0.0, 1.0, [])
    torch.testing.assert_close(instrument.render(*curves), offline(model, *curves), atol=1e-4, rtol=0)


def test_a_synth_that_cannot_stream_is_named():
    """One sentence, before anything is played."""

    class Louder(torch.nn.Module):
        def __init__(self, clip):
            super().__init__()

    with pytest.raises(ValueError, match="Louder has no streaming form"):
        Instrument(model_of(synth=partial(SMSSynth, effects=(Louder,))))


def test_two_parts_of_a_kind_are_played():
    """Each with noise of its own, as offline."""
    model = model_of(synth=partial(SMSSynth, parts=(Harmonics, FilteredNoise, FilteredNoise, Harmonics)))
    instrument = Instrument(model)
    assert instrument.noise_size == 128 and {"harmonics.raw", "harmonics_2.raw"} <= instrument.initial_state().keys()
    assert strayed_from(model, instrument) < 1e-4


def test_a_streaming_form_that_strays_is_noticed():
    """A part that plays something else live."""

    class Softer(StreamingHarmonics):
        def forward(self, *given):
            audio, state = super().forward(*given)
            return 0.9 * audio, state

    class Wrong(Harmonics):
        def streaming(self):
            return Softer(self)

    model = model_of(synth=partial(SMSSynth, parts=(Wrong,)))
    assert strayed_from(model, Instrument(model)) > 1e-3


def exact_instrument():
    """An instrument whose knobs are met, and its model."""
    model = model_of("mingru", hop=160)
    return model, Instrument(model, exact=True)


def test_exact_is_no_later_and_remembers_more():
    """The same latency; the states of the open instrument and those of the projection, each within its limit."""
    model, exact = exact_instrument()
    instrument = Instrument(model)
    assert exact.latency_frames == instrument.latency_frames
    more = exact.initial_state().keys() - instrument.initial_state().keys()
    assert more and all(name.startswith("projection.") for name in more)
    assert instrument.knobs_met == [] and exact.knobs_met == model.encoder.knobs
    assert all(exact.limits[name] >= abs(first) for name, first in exact.first_values.items())


def test_exact_begins_anew():
    """A second note starts from a state of its own; a state of NaN is as at first."""
    model, exact = exact_instrument()
    f0_hz, controls, residual, noise = curves_of(model)
    assert exact.render(f0_hz, controls, residual, noise).equal(exact.render(f0_hz, controls, residual, noise))
    state = exact.initial_state()
    spoilt = {name: torch.full_like(values, torch.nan) for name, values in state.items()}
    block = f0_hz[:, :3], controls[:, :3], residual[:, :3], noise[:, :3]
    assert exact(*block, state)[0].equal(exact(*block, spoilt)[0])


@pytest.mark.parametrize("worst", [torch.nan, torch.inf, 1e30, -1e30])
def test_exact_stands_whatever_a_host_sends(worst):
    """As inputs and as states: the sound stays finite and no louder than it may be, and is well again afterwards."""
    model, exact = exact_instrument()
    f0_hz, controls, residual, noise = curves_of(model)
    spoilt = {name: torch.full_like(values, worst) for name, values in exact.initial_state().items()}
    audio, state = exact(
        torch.full((1, 4), worst), torch.full((1, 4, 5), worst), residual[:, :4], torch.full((1, 4, 160), worst), spoilt
    )
    assert audio.isfinite().all() and audio.abs().max() <= LOUDEST
    audio, state = exact(f0_hz, controls, residual, noise, state)
    assert audio.isfinite().all() and audio.abs().max() <= LOUDEST
    assert all(values.isfinite().all() for values in state.values())


def test_exact_without_a_pitch_is_silent_and_comes_back():
    """0 Hz for a while: the dry sound has ended a hop after the latency; a pitch again, and it sounds."""
    model = model_of("mingru", hop=160, synth=partial(SMSSynth, effects=()))
    exact = Instrument(model, exact=True)
    f0_hz = torch.full((1, 60), 220.0)
    f0_hz[:, 20:40] = 0.0
    controls = torch.full((1, 60, 5), 0.5)
    audio = exact.render(f0_hz, controls)[0].unflatten(0, (60, 160)).abs().amax(1)
    assert audio[5:19].max() > 1e-3 and audio[21:39].max() == 0.0 and audio[45:].max() > 1e-3


def test_exact_needs_parts_that_say_what_they_play():
    """One sentence that names the part."""

    class Mute(StreamingHarmonics):
        def raw(self, played):
            raise NotImplementedError("Mute cannot play other numbers than its parameters.")

    class Wrong(Harmonics):
        def streaming(self):
            return Mute(self)

    with pytest.raises(ValueError, match=r"^Mute cannot play other numbers than its parameters: leave exact away\."):
        Instrument(model_of(synth=partial(SMSSynth, parts=(Wrong,))), exact=True)
