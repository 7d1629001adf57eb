"""The rivals' decoder: each flaw is there when it is asked for, and gone when it is not."""

from functools import partial
from pathlib import Path

import pytest
import torch
import yaml

from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.decoders.published import PublishedDecoder
from lightning_modules.encoders.adversarial import AdversarialEncoder
from lightning_modules.encoders.descriptor import DescriptorEncoder
from lightning_modules.encoders.published import PublishedCritic, PublishedResidual
from synths import ClipFormat

CONFIGS = Path(__file__).parents[3] / "configs" / "decoders"
SIZES = {"harmonic_gain": 1, "harmonic_balance": 12, "noise_bands": 5}
AS_PUBLISHED = {"shared_mlp": True, "loudness": "residual", "pitch": "hertz"}
MENDED = {"shared_mlp": False, "loudness": "control", "pitch": "octaves"}
both = pytest.mark.parametrize("options", [AS_PUBLISHED, MENDED], ids=["published", "mended"])


@pytest.fixture
def given():
    """Pitch, three controls and a residual of four, of 2 clips, 40 frames."""
    return 100 + 300 * torch.rand(2, 40), torch.rand(2, 40, 3), torch.randn(2, 40, 4)


def build(options):
    """A small decoder for `given`."""
    return PublishedDecoder(3, 4, SIZES, width=16, **options)


@both
@pytest.mark.parametrize("lengths", [[1] * 40, [7, 1, 13, 2, 17], [40]], ids=str)
def test_blocks_make_the_whole(options, lengths, given):
    """In blocks of any length the parameters are those of the whole clip, in the synth's size and order."""
    decoder = build(options)
    whole, state, blocks = decoder(*given), decoder.initial_state(2), []
    for part in zip(*(value.split(lengths, dim=1) for value in given), strict=True):
        parameters, state = decoder.stream(*part, state)
        blocks.append(parameters)
    assert list(whole) == list(SIZES) and state["hidden"].shape == (2, 16)
    for name, size in SIZES.items():
        assert whole[name].shape == (2, 40, size)
        torch.testing.assert_close(torch.cat([block[name] for block in blocks], dim=1), whole[name])


@both
@pytest.mark.parametrize("which", [0, 1, 2])
def test_hears_the_past_of_its_own_clip(options, which, given):
    """A change of one clip's pitch, controls or residual is heard from then on, in that clip."""
    decoder, before = build(options), [value.clone() for value in given]
    given[which][1, 6] *= 1.7
    changed = (decoder(*given)["harmonic_balance"] != decoder(*before)["harmonic_balance"]).any(-1)
    assert not changed[0].any() and not changed[1, :6].any() and changed[1, 6:9].all()


@both
def test_every_weight_learns(options, given):
    """No layer is left out, and none of our own decoders' layers is there."""
    decoder = build(options)
    sum(value.square().sum() for value in decoder(*given).values()).backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in decoder.parameters())


@pytest.mark.parametrize(("name", "options"), [("published", AS_PUBLISHED), ("published_mended", MENDED)])
def test_configurations(name, options, given):
    """Each file says all that sets it apart, and builds."""
    config = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
    assert config["class_path"] == "lightning_modules.decoders.PublishedDecoder"
    assert config["init_args"] == {"width": config["init_args"]["width"], **options}
    assert PublishedDecoder(3, 4, SIZES, **config["init_args"])(*given)["noise_bands"].shape == (2, 40, 5)


def test_the_published_size():
    """16 numbers and 5 descriptors, 100 harmonics and 65 bands: the released count, the shared network once."""
    decoder = PublishedDecoder(5, 17, {"harmonics": 101, "noise_bands": 65}, **AS_PUBLISHED)
    mlp = [n * 512 + 3 * 512 + 2 * (512 * 512 + 3 * 512) for n in (1, 21, 514)]
    gru = 3 * (3 * 512 * 512 + 512 * 512 + 2 * 512)
    assert sum(weight.numel() for weight in decoder.parameters()) == sum(mlp) + gru + 166 * 513


def test_pitch_and_loudness_share_a_network_as_published():
    """One object and one set of weights; mended, a network more."""
    shared, apart = build(AS_PUBLISHED), build({**AS_PUBLISHED, "shared_mlp": False})
    assert shared.pitch_mlp is shared.loudness_mlp and apart.pitch_mlp is not apart.loudness_mlp
    counts = [sum(weight.numel() for weight in module.parameters()) for module in (apart, shared, shared.pitch_mlp)]
    assert counts[0] - counts[1] == counts[2]
    same = torch.rand(2, 5, 1)
    assert shared.pitch_mlp(same).equal(shared.loudness_mlp(same))
    assert not apart.pitch_mlp(same).allclose(apart.loudness_mlp(same))


def test_the_level_knob_does_not_move_the_published_loudness(given):
    """The loudness stays the source's, the residual's last number; mended, it is the knob."""
    f0_hz, controls, residual = given
    turned = torch.cat([1.0 - controls[..., :1], controls[..., 1:]], dim=-1)
    published, mended = build(AS_PUBLISHED), build(MENDED)
    assert published.branches(f0_hz, turned, residual)[1].equal(residual[..., -1:])
    assert mended.branches(f0_hz, turned, residual)[1].equal(2.0 * turned[..., :1] - 1.0)
    for decoder, n_rest in ((published, 3 + 3), (mended, 3 + 4)):
        rest = decoder.branches(f0_hz, turned, residual)[2]
        assert rest.shape[-1] == n_rest and rest[..., -3:].equal(2.0 * turned - 1.0)
        assert not decoder(f0_hz, turned, residual)["harmonic_gain"].allclose(
            decoder(f0_hz, controls, residual)["harmonic_gain"]
        )


@both
def test_each_network_hears_its_own_input(options, given):
    """Pitch and loudness go to theirs, one after the other where they share one, and the rest to the third."""
    decoder, heard = build(options), []
    for network in dict.fromkeys([decoder.pitch_mlp, decoder.loudness_mlp, decoder.rest_mlp]):
        network.register_forward_pre_hook(lambda _, inputs: heard.append(inputs[0]))
    decoder(*given)
    assert all(value.equal(expected) for value, expected in zip(heard, decoder.branches(*given), strict=True))


def test_hertz_hide_the_pitch():
    """Normalised, an octave in hertz moves the untrained network by less than 1 %; in octaves by far more."""
    moved = {}
    for pitch in ("hertz", "octaves"):
        decoder = PublishedDecoder(1, 1, SIZES, pitch=pitch)
        inputs, _, _ = decoder.branches(torch.tensor([[220.0, 440.0]]), torch.zeros(1, 2, 1), torch.zeros(1, 2, 1))
        low, high = decoder.pitch_mlp(inputs)[0]
        moved[pitch] = ((high - low).norm() / low.norm()).item()
    assert moved["hertz"] < 0.01 and moved["octaves"] > 0.1


def test_octaves_are_even():
    """Each octave is the same step, around 0 in the middle of the range."""
    f0_hz = torch.tensor([[110.0, 220.0, 440.0, 880.0]])
    pitch = build(MENDED).branches(f0_hz, torch.zeros(1, 4, 3), torch.zeros(1, 4, 4))[0]
    torch.testing.assert_close(pitch.diff(dim=1), torch.full((1, 3, 1), 12 / 44))
    assert pitch.abs().max() < 1
    assert build(AS_PUBLISHED).branches(f0_hz, torch.zeros(1, 4, 3), torch.zeros(1, 4, 4))[0].equal(f0_hz[..., None])


@both
def test_mixed_precision_does_not_round_the_pitch(options, given):
    """Under bfloat16 the parameters are those of full precision."""
    decoder = build(options)
    exact = decoder(*given)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = decoder(*given)
    for name in SIZES:
        torch.testing.assert_close(mixed[name], exact[name])


@pytest.mark.parametrize(
    ("n_controls", "residual_size", "options", "message"),
    [
        (0, 4, MENDED, "list the level first"),
        (3, 0, AS_PUBLISHED, "with_loudness"),
        (3, 4, {"loudness": "source"}, "loudness is 'source'"),
        (3, 4, {"pitch": "mel"}, "pitch is 'mel'"),
        (3, 4, {"width": 0}, "width is 0"),
    ],
)
def test_nonsense_is_refused(n_controls, residual_size, options, message):
    """With what would mend it."""
    with pytest.raises(ValueError, match=message):
        PublishedDecoder(n_controls, residual_size, SIZES, **options)


@both
@pytest.mark.parametrize("adversarial", [False, True], ids=["C-DDSP", "F-DDSP"])
def test_a_whole_rival_at_the_published_hop(options, adversarial):
    """64 frames of 1024 samples in, audio out, and every weight of encoder, critic and decoder has a gradient."""
    clip, published = ClipFormat(16000, 65536, 1024), options is AS_PUBLISHED
    residual = partial(
        PublishedResidual, width=16, recurs_over="batch" if published else "time", with_loudness=published
    )
    encoder = partial(DescriptorEncoder, residual=residual)
    if adversarial:
        critic = partial(PublishedCritic, with_loudness=published)
        encoder = partial(AdversarialEncoder, residual=residual, critic=critic, strength=0.01)
    model = TimbreAutoencoder(clip, encoder=encoder, decoder=partial(PublishedDecoder, width=16, **options))
    rendering = model(0.1 * torch.randn(2, 65536), torch.full((2, 64), 220.0))
    assert rendering.audio.shape == (2, 65536) and rendering.encoding.residual.shape == (2, 64, 16 + published)
    terms = [term.weight * term.value for term in rendering.encoding.terms.values()]
    (rendering.audio.square().mean() + sum(terms)).backward()
    networks = [*model.encoder.parameters(), *model.decoder.parameters()]
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in networks)
    assert sum(weight.grad.any().item() for weight in networks) == len(networks)
