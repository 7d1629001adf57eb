"""Whatever a host sends, an instrument stays finite, and forgets it: in PyTorch and through ONNX Runtime."""

import json
import math
from functools import partial

import numpy as np
import pytest
import torch

from instrument.instrument import LOWEST_HZ, Instrument
from instrument.onnx_export import export_onnx, session
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders import GruDecoder, MinGruDecoder, TcnDecoder
from lightning_modules.encoders import DescriptorEncoder
from synths import ClipFormat, FilteredNoise, Harmonics, Reverb, SMSSynth
from synths.streaming import LOUDEST

BAD = [math.nan, math.inf, -math.inf, 1e30, -1e30, 3.4e38, -1.0, 0.0, 1e-40, 127.0, 96000.0, -7.5]
INPUTS = ("f0_hz", "controls", "residual", "white_noise")
DECODERS = [partial(GruDecoder, width=16), partial(TcnDecoder, width=16, n_layers=3), partial(MinGruDecoder, width=16)]
SYNTH = partial(
    SMSSynth,
    parts=(partial(Harmonics, n_harmonics=30), partial(FilteredNoise, n_bands=20)),
    effects=(partial(Reverb, duration_s=0.02),),
)
HOP = 64


class WithResidual(DescriptorEncoder):
    """A residual of two."""

    def __init__(self, clip):
        super().__init__(clip)
        self.residual_size = 2


def instrument_of(decoder=DECODERS[0]):
    """A small instrument, loud enough to be heard."""
    torch.manual_seed(0)
    model = TimbreAutoencoder(ClipFormat(16000, 100 * HOP, HOP), encoder=WithResidual, synth=SYNTH, decoder=decoder)
    torch.nn.init.normal_(model.decoder.heads.weight, std=0.5)
    return Instrument(model)


@pytest.fixture(params=DECODERS, ids=["gru", "tcn", "mingru"])
def instrument(request):
    """With each decoder."""
    return instrument_of(request.param)


def feeds(instrument, n_frames):
    """A steady note."""
    generator = torch.Generator().manual_seed(1)
    return {
        "f0_hz": torch.full((1, n_frames), 220.0),
        "controls": torch.full((1, n_frames, len(instrument.knobs)), 0.6),
        "residual": torch.zeros(1, n_frames, instrument.residual_size),
        "white_noise": 2.0 * torch.rand(1, n_frames, HOP, generator=generator) - 1.0,
    }


def played(instrument, given, block_frames=4):
    """(1, N) audio as it comes, without the end."""
    state, audio = instrument.initial_state(), []
    for start in range(0, given["f0_hz"].shape[1], block_frames):
        block = [given[name][:, start : start + block_frames] for name in INPUTS]
        sound, state = instrument(*block, state)
        audio.append(sound)
    return torch.cat([*audio, instrument.finish(state)], dim=1)


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("bad", BAD)
def test_finite_whatever_is_sent_wherever_in_a_block(instrument, name, bad):
    """In the first frame of all, in each place of a block, in one number or in all, for one block or for ever."""
    for frames in (slice(0, 1), slice(4, 5), slice(5, 6), slice(7, 8), slice(4, 8), slice(0, None)):
        for which in (slice(None), slice(0, 1)):
            given = feeds(instrument, 24)
            if name == "f0_hz":
                given[name][:, frames] = bad
            else:
                given[name][:, frames, which] = bad
            audio = played(instrument, given)
            assert audio.isfinite().all() and audio.abs().max() <= LOUDEST


@pytest.mark.parametrize("name", ["f0_hz", "controls", "residual"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_no_number_is_as_if_nothing_had_changed(instrument, name, bad):
    """In a steady note it cannot be heard at all, where it lasts for one frame and where it lasts."""
    expected = played(instrument, feeds(instrument, 24))
    assert expected.abs().max() > 1e-3
    for frames in (slice(6, 7), slice(9, 16), slice(5, None)):
        given = feeds(instrument, 24)
        given[name][:, frames] = bad
        torch.testing.assert_close(played(instrument, given), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("block_frames", [1, 3, 4, 24])
def test_the_last_usable_number_is_held(instrument, block_frames):
    """Whatever the blocks: knobs that move, with holes, are knobs that stay where they were."""
    given, filled = feeds(instrument, 24), feeds(instrument, 24)
    given["controls"] += torch.linspace(-0.3, 0.3, 24)[:, None]
    filled["controls"] = given["controls"].clone()
    for start, length in ((3, 1), (7, 2), (12, 7)):
        given["controls"][:, start : start + length, 0] = math.nan
        filled["controls"][:, start : start + length, 0] = filled["controls"][:, start - 1, 0]
    torch.testing.assert_close(played(instrument, given, block_frames), played(instrument, filled), atol=1e-5, rtol=0)


def test_no_pitch_is_silence_without_a_click(instrument):
    """Between notes: a hop of fade, then nothing but the room's end; the next note sounds as loud as the first."""
    given = feeds(instrument, 60)
    given["white_noise"] *= 0.0
    whole = played(instrument, given)
    given["f0_hz"][:, 20:40] = 0.0
    audio = played(instrument, given)
    late = instrument.latency_frames
    torch.testing.assert_close(audio[:, : (19 + late) * HOP], whole[:, : (19 + late) * HOP], atol=1e-5, rtol=0)
    steepest = whole[:, 10 * HOP :].diff().abs().max()
    assert audio[:, 10 * HOP :].diff().abs().max() < 1.1 * steepest + 1e-4
    assert audio[:, 30 * HOP : 39 * HOP].abs().max() < 1e-4
    assert audio[:, 45 * HOP :].abs().max() > 0.5 * whole[:, 45 * HOP :].abs().max()


def test_zeros_and_nothing_usable_are_silent(instrument):
    """A host that is not ready yet: all zeros, or no numbers at all, from the first block on."""
    for value in (0.0, math.nan, -math.inf):
        given = {name: torch.full_like(x, value) for name, x in feeds(instrument, 16).items()}
        assert not played(instrument, given).any()


def test_spoilt_states_are_forgotten(instrument):
    """NaN starts a state anew; wrong numbers end where the memory ends."""
    given = feeds(instrument, 200)
    for bad in (math.nan, math.inf, 1e30, -1e30, 1.0, 0.0, 1e-40):
        state = {name: torch.full_like(value, bad) for name, value in instrument.initial_state().items()}
        block = [given[name][:, :40] for name in INPUTS]
        audio, state = instrument(*block, state)
        assert audio.isfinite().all() and audio.abs().max() <= LOUDEST
        assert all(value.isfinite().all() for value in state.values())
        assert instrument.finish(state).isfinite().all()
    fresh = instrument(*block, instrument.initial_state())[0]
    spoilt = {name: torch.full_like(value, math.nan) for name, value in instrument.initial_state().items()}
    assert instrument(*block, spoilt)[0].equal(fresh)


def test_states_in_earnest_are_within_their_limits(instrument):
    """The limits are none: no playing reaches them."""
    torch.manual_seed(0)
    given, state = feeds(instrument, 200), instrument.initial_state()
    given["f0_hz"] = 50.0 + 7000.0 * torch.rand(1, 200)
    given["controls"], given["residual"] = 3.0 * torch.rand(1, 200, 5) - 1.0, 10.0 * torch.randn(1, 200, 2).clamp(-1, 1)
    for start in range(0, 200, 10):
        _, state = instrument(*(given[name][:, start : start + 10] for name in INPUTS), state)
        for name, value in state.items():
            assert value.abs().max() <= instrument.limits[name], name


def test_onnx_holds_what_pytorch_holds(tmp_path):
    """The same bad inputs and states through ONNX Runtime: finite, bounded, and what PyTorch plays."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    instrument = instrument_of()
    export_onnx(instrument, tmp_path / "a.onnx", block_frames=3)
    runtime, first = session(tmp_path / "a.onnx"), instrument.initial_state()
    about = runtime.get_modelmeta().custom_metadata_map
    assert json.loads(about["ranges"])["f0_hz"] == [LOWEST_HZ, 8000.0] and float(about["loudest"]) == LOUDEST
    for name in (*INPUTS, *first):
        for bad in BAD:
            for place in range(3) if name in INPUTS else [slice(None)]:
                ours, theirs = dict(first), {key: value.numpy() for key, value in first.items()}
                for number in range(5):
                    given = feeds(instrument, 3)
                    if number == 1:
                        if name in INPUTS:
                            given[name][:, place] = bad
                        else:
                            ours[name] = torch.full_like(first[name], bad)
                            theirs[name] = ours[name].numpy()
                    expected, ours = instrument(*(given[each] for each in INPUTS), ours)
                    fed = {key: value.numpy() for key, value in given.items()}
                    audio, *after = runtime.run(None, fed | theirs)
                    theirs = dict(zip(first, after, strict=True))
                    assert np.isfinite(audio).all() and np.abs(audio).max() <= LOUDEST, (name, bad)
                    np.testing.assert_allclose(audio, expected.numpy(), atol=2e-3, err_msg=f"{name} {bad}")
