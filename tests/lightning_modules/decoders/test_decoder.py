"""Every decoder: one named tensor per synth parameter, of the past only, the same whole and in blocks."""

import pytest
import torch

import lightning_modules.decoders
from lightning_modules.decoders import Decoder, GruDecoder, MinGruDecoder, PublishedDecoder, TcnDecoder
from synths import ClipFormat, SMSSynth

SIZES = {"harmonic_gain": 1, "harmonic_balance": 12, "noise_bands": 5}
KINDS = [getattr(lightning_modules.decoders, name) for name in lightning_modules.decoders.__all__]
KINDS = [kind for kind in KINDS if isinstance(kind, type) and issubclass(kind, Decoder) and kind is not Decoder]
every_decoder = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
# A rival reproduced, which needs a level knob and is as wide as it was published.
every_own_decoder = pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind is not PublishedDecoder], ids=lambda kind: kind.__name__
)


@pytest.fixture
def inputs():
    """Controls, residual size -> pitch, controls and residual of 2 clips, 10 frames."""

    def build(n_controls, residual_size, n_frames=10):
        shape = 2, n_frames
        return 100 + 300 * torch.rand(shape), torch.rand(*shape, n_controls), torch.randn(*shape, residual_size)

    return build


def in_blocks(decoder, given, lengths):
    """The decoder's parameters, block by block."""
    state, start, blocks = decoder.initial_state(2), 0, []
    for length in lengths:
        parameters, state = decoder.stream(*(value[:, start : start + length] for value in given), state)
        blocks.append(parameters)
        start += length
    return {name: torch.cat([block[name] for block in blocks], dim=1) for name in SIZES}


@every_own_decoder
@pytest.mark.parametrize(("n_controls", "residual_size"), [(3, 0), (0, 16), (5, 8), (0, 0)])
def test_shapes(kind, n_controls, residual_size, inputs):
    """Whatever the knobs and the residual, every parameter in the synth's size and order."""
    parameters = kind(n_controls, residual_size, SIZES, width=16)(*inputs(n_controls, residual_size))
    assert {name: tuple(value.shape) for name, value in parameters.items()} == {
        name: (2, 10, size) for name, size in SIZES.items()
    }
    assert list(parameters) == list(SIZES)


@every_decoder
@pytest.mark.parametrize("which", [0, 1, 2])
def test_is_causal(kind, which, inputs):
    """What is heard at a frame does not depend on later ones, so that it can be played live."""
    decoder, given = kind(3, 4, SIZES, width=16), list(inputs(3, 4))
    before = decoder(*given)
    given[which] = given[which].clone()
    given[which][:, 6:] *= 1.7
    after = decoder(*given)
    for name in SIZES:
        torch.testing.assert_close(after[name][:, :6], before[name][:, :6])
        assert not after[name][:, 6:].allclose(before[name][:, 6:]), name


@every_decoder
@pytest.mark.parametrize("lengths", [[1] * 40, [40], [7, 1, 13, 2, 17], [3] * 13 + [1]], ids=str)
def test_blocks_make_the_whole(kind, lengths, inputs):
    """Frame by frame or in blocks of any length, the parameters are those of the whole clip."""
    decoder, given = kind(3, 4, SIZES, width=16), inputs(3, 4, n_frames=40)
    whole, blocks = decoder(*given), in_blocks(decoder, given, lengths)
    for name in SIZES:
        torch.testing.assert_close(blocks[name], whole[name])


@every_decoder
def test_state_is_small_and_named(kind):
    """Tensors whose first dimension is the batch, the same names after a block as before."""
    decoder = kind(3, 0, SIZES, width=16)
    state = decoder.initial_state(2)
    after = decoder.stream(torch.full((2, 5), 200.0), torch.rand(2, 5, 3), torch.zeros(2, 5, 0), state)[1]
    assert {name: value.shape for name, value in after.items()} == {name: value.shape for name, value in state.items()}
    assert all(len(value) == 2 and not value.any() for value in state.values())


@every_decoder
def test_remembers_the_past(kind, inputs):
    """A change of the first frame is still heard in the last: it can shape a note's decay."""
    decoder, (f0_hz, controls, residual) = kind(3, 0, SIZES, width=16), inputs(3, 0)
    before = decoder(f0_hz, controls, residual)
    after = decoder(f0_hz, torch.cat([1 - controls[:, :1], controls[:, 1:]], dim=1), residual)
    assert all((after[name][:, -1] != before[name][:, -1]).any() for name in SIZES)


@every_decoder
def test_clips_do_not_hear_each_other(kind, inputs):
    """A clip decodes the same alone as in a batch."""
    decoder, (f0_hz, controls, residual) = kind(3, 4, SIZES, width=16), inputs(3, 4)
    together, alone = decoder(f0_hz, controls, residual), decoder(f0_hz[1:], controls[1:], residual[1:])
    for name in SIZES:
        torch.testing.assert_close(together[name][1:], alone[name])


@every_decoder
@pytest.mark.parametrize("index", [0, 1, 2])
def test_every_control_is_heard(kind, index, inputs):
    """Each knob reaches the parameters, and each has a gradient to learn from."""
    f0_hz, controls, residual = inputs(3, 0)
    controls.requires_grad_()
    total = sum(value.square().sum() for value in kind(3, 0, SIZES, width=16)(f0_hz, controls, residual).values())
    (gradient,) = torch.autograd.grad(total, controls)
    assert gradient.isfinite().all() and gradient[..., index].abs().min() > 0


@every_decoder
def test_every_weight_learns(kind, inputs):
    """No layer is left out of the sum."""
    decoder = kind(3, 4, SIZES, width=16)
    sum(value.square().sum() for value in decoder(*inputs(3, 4)).values()).backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in decoder.parameters())


@every_own_decoder
@pytest.mark.parametrize("sample_rate", [16000, 44100, 48000])
def test_fits_a_cpu(kind, sample_rate):
    """Under a million weights by default, at every rate."""
    decoder = kind(8, 16, SMSSynth(ClipFormat(sample_rate, 4800, 480)).sizes)
    assert 100_000 < sum(weight.numel() for weight in decoder.parameters()) < 1_000_000


@every_decoder
def test_silent_pitch_is_finite(kind, inputs):
    """A pitch of 0 Hz is still a number to the decoder."""
    _, controls, residual = inputs(2, 0)
    parameters = kind(2, 0, SIZES, width=16)(torch.zeros(2, 10), controls, residual)
    assert all(value.isfinite().all() for value in parameters.values())


@pytest.mark.parametrize(
    ("kind", "option"), [(GruDecoder, "width"), (TcnDecoder, "n_layers"), (MinGruDecoder, "n_layers")]
)
def test_nothing_to_decode_with_is_refused(kind, option):
    """A width or a depth of zero is named."""
    with pytest.raises(ValueError, match=f"{option} is 0"):
        kind(3, 0, SIZES, **{option: 0})


def test_reach_of_the_convolutions():
    """A frame is heard as long as the layers reach, and no longer: 2 (2^3 - 1) = 14 frames."""
    decoder = TcnDecoder(0, 1, SIZES, width=16, n_layers=3)
    f0_hz, residual = torch.full((1, 20), 200.0), torch.zeros(1, 20, 1)
    other = residual.clone()
    other[:, 0] = 1.0
    controls = torch.zeros(1, 20, 0)
    before, after = decoder(f0_hz, controls, residual), decoder(f0_hz, controls, other)
    changed = (before["harmonic_balance"] != after["harmonic_balance"]).any(-1)[0]
    assert changed[14] and not changed[15:].any()


def test_units_begin_with_short_and_long_memories():
    """The gates of a minGRU begin with time constants from 2 to 400 frames."""
    decoder = MinGruDecoder(3, 0, SIZES, width=16)
    gate = decoder.layers[0].gate_and_candidate.bias[:16].detach().sigmoid()
    assert (1 / gate).aminmax() == (pytest.approx(2.0), pytest.approx(400.0, rel=1e-4))


def test_long_memories_survive_mixed_precision():
    """Under bfloat16 a unit of 400 frames still forgets at its own pace: its state is kept in float32."""
    decoder, shape = MinGruDecoder(1, 0, SIZES, width=16), (1, 600)
    given = torch.full(shape, 200.0), torch.rand(*shape, 1), torch.zeros(*shape, 0)
    exact = decoder.stream(*given, decoder.initial_state(1))[1]
    with torch.autocast("cpu", torch.bfloat16):
        mixed = decoder.stream(*given, decoder.initial_state(1))[1]
    for name, state in exact.items():
        torch.testing.assert_close(mixed[name], state, rtol=0.05, atol=0.05 * state.abs().max().item())
