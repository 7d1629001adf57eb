"""The disentangled family: what is learnt, what tells it what to be, and that it learns it."""

from functools import partial

import pytest
import torch

from lightning_modules.encoders import DisentangledEncoder, Encoding, Trunk
from lightning_modules.encoders.distance_correlation import squared_distance_correlation
from synths import Level, Sharpness

FACTORS = ["vco_2.shape", "adsr_1.attack"]


@pytest.fixture
def encoder(second):
    """Two knobs, two factors, a residual of three, its frames judged every 40 ms."""
    return DisentangledEncoder(second, [Level, Sharpness], FACTORS, partial(Trunk, width=16), residual_size=3)


@pytest.fixture
def notes(second, harmonic_tone):
    """Three notes of rising sharpness that end after half a second, and their pitch."""
    audio = torch.cat([harmonic_tone(second, 220.0, tilt) for tilt in (-18.0, -9.0, -3.0)])
    audio[:, 8000:] = 0.0
    return audio, torch.full((3, 100), 220.0)


def test_knobs_come_first_and_factors_after_them(encoder, notes):
    """All are controls; only the knobs can be measured, and a checkpoint knows the factors for what they are."""
    assert encoder.knobs == ["level", "sharpness"] and encoder.controls == [*encoder.knobs, *FACTORS]
    assert encoder(*notes).controls.shape == (3, 100, 4) and encoder(*notes).residual.shape == (3, 100, 3)
    assert encoder.knob_positions(*notes).shape == (3, 100, 2)
    assert encoder.knob_kinds[2:] == ["vco_2.shape (label)", "adsr_1.attack (label)"]


def test_outside_training_it_is_only_heard(encoder, notes):
    """No terms, and the same every time; in training the residual is drawn."""
    assert set(encoder(*notes).terms) == {"supervision", "dependence", "kl"}
    assert not encoder(*notes).residual.equal(encoder(*notes).residual)
    encoder.eval()
    assert encoder(*notes).terms == {} and encoder(*notes).residual.equal(encoder(*notes).residual)


def test_terms_have_the_weights_given(second, notes):
    """By their names."""
    encoder = DisentangledEncoder(
        second, [Level], supervision_weight=1.5, kl_weight=0.25, dependence_weight=0.5, trunk=partial(Trunk, width=16)
    )
    weights = {name: term.weight for name, term in encoder(*notes).terms.items()}
    assert weights == {"supervision": 1.5, "kl": 0.25, "dependence": 0.5}


def test_supervision_is_the_distance_from_what_is_measured(encoder, notes):
    """0 for controls that are the measured ones; else the mean over the knobs, where it sounds, of how far they are."""
    controls = torch.cat([encoder.knob_positions(*notes), torch.rand(3, 100, 2)], dim=-1)
    residual = torch.randn(3, 100, 3)
    assert encoder.teach(*notes, controls, residual)["supervision"].value < 1e-5
    controls[..., 0] += 0.1
    controls[..., 1] -= 0.3
    controls += 5.0 * (1.0 - encoder.sounding(notes[0]))[..., None]
    assert encoder.teach(*notes, controls, residual)["supervision"].value.item() == pytest.approx(0.2, abs=1e-5)


def test_what_is_measured_is_a_fact(encoder, notes):
    """The supervision teaches the controls, and nothing through the measure."""
    audio, controls = notes[0].requires_grad_(), torch.rand(3, 100, 4, requires_grad=True)
    value = encoder.teach(audio, notes[1], controls, torch.randn(3, 100, 3))["supervision"].value
    to_audio, to_controls = torch.autograd.grad(value, [audio, controls], allow_unused=True)
    assert to_audio is None and to_controls[..., :2].any() and not to_controls[..., 2:].any()


def test_dependence_is_that_of_the_frames_that_sound(encoder, notes):
    """Dependence is that of all controls on all of the residual."""
    controls, residual = torch.rand(3, 100, 4), torch.randn(3, 100, 3)
    every = encoder.judged_every
    sounding = encoder.sounding(notes[0], every).bool()
    frames = controls[:, ::every][sounding], residual[:, ::every][sounding]
    value = encoder.teach(*notes, controls, residual)["dependence"].value
    torch.testing.assert_close(value, squared_distance_correlation(*frames), atol=1e-5, rtol=1e-4)
    copied = torch.cat([controls, controls], dim=-1)
    assert encoder.teach(*notes, controls, copied)["dependence"].value > 0.99


def test_of_many_frames_some_are_judged(encoder, second, monkeypatch):
    """No more than 256 at once, drawn anew from the whole batch."""
    seen = []
    monkeypatch.setattr(
        "lightning_modules.encoders.disentangled.squared_distance_correlation",
        lambda x, y: seen.append(x) or squared_distance_correlation(x, y),
    )
    audio, pitch = 0.1 * torch.randn(12, second.n_samples), torch.full((12, 100), 220.0)
    clip_number = torch.arange(12.0)[:, None, None].expand(12, 100, 4)
    for _ in range(2):
        encoder.teach(audio, pitch, clip_number, torch.randn(12, 100, 3))
    assert all(len(x) == 256 and len(x.unique()) == 12 for x in seen) and not seen[0].equal(seen[1])


def test_silence_has_finite_terms_and_gradients(encoder, notes):
    """A batch in which nothing sounds has nothing to say of the controls."""
    encoding = encoder(0.0 * notes[0], notes[1])
    assert encoding.terms["supervision"].value == encoding.terms["dependence"].value == 0
    torch.stack([term.value for term in encoding.terms.values()]).sum().backward()
    assert all(weight.grad is None or weight.grad.isfinite().all() for weight in encoder.parameters())


def test_factors_are_compared_with_their_labels(encoder):
    """By hand: only their own controls, in their order, in the frames that sound."""
    every = encoder.judged_every
    controls = torch.full((2, 100, 4), 9.0)
    controls[0, :, 2], controls[0, :, 3], controls[1, :, 2:] = 0.5, 0.25, 1.0
    sounding = torch.zeros(2, 25)
    sounding[0, :10], sounding[1, :5] = 1.0, 1.0
    controls[0, 10 * every :] = 7.0
    labels = {"adsr_1.attack": torch.tensor([0.0, 0.9]), "other": torch.ones(2), "vco_2.shape": torch.tensor([0.4, 1])}
    term = encoder.label_terms(Encoding(controls, controls[..., :0], {}), sounding, labels)["factors"]
    expected = (10 * (0.1 + 0.25) / 2 + 5 * (0.0 + 0.1) / 2) / 15
    assert term.value.item() == pytest.approx(expected) and term.weight == 4.0
    nothing = encoder.label_terms(Encoding(controls, controls[..., :0], {}), 0 * sounding, labels)["factors"]
    assert nothing.value == 0


def test_without_factors_labels_are_not_looked_at(second):
    """Whatever they are."""
    encoder = DisentangledEncoder(second, [Level])
    assert encoder.label_terms(Encoding(torch.rand(1, 100, 1), torch.rand(1, 100, 8), {}), torch.ones(1, 25), {}) == {}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({}, r"model\.encoder\.factors names vco_2.shape, but the data's labels are none"),
        ({"velocity": 0.5, "pitch": 0.5}, r"names vco_2.shape, but the data's labels are pitch, velocity"),
        ({"vco_2.shape": 0.5, "adsr_1.attack": 60.0}, r"names adsr_1.attack, whose labels are not within 0\.\.1"),
        ({"vco_2.shape": -0.1, "adsr_1.attack": 0.5}, "names vco_2.shape, whose labels are not within"),
        ({"vco_2.shape": float("nan"), "adsr_1.attack": 0.5}, "names vco_2.shape, whose labels are not within"),
    ],
)
def test_labels_that_cannot_be_learnt_are_refused(encoder, labels, message):
    """With the key, the label and what there is."""
    encoding = Encoding(torch.rand(2, 100, 4), torch.rand(2, 100, 3), {})
    with pytest.raises(ValueError, match=message):
        encoder.label_terms(encoding, torch.ones(2, 25), {name: torch.full((2,), x) for name, x in labels.items()})


def test_factors_alone_will_do(second, notes):
    """Nothing is measured, nothing supervised but by labels."""
    encoder = DisentangledEncoder(second, [], FACTORS, partial(Trunk, width=16))
    encoding = encoder(*notes)
    assert encoding.controls.shape == (3, 100, 2) and set(encoding.terms) == {"dependence", "kl"}
    encoder.calibrate([notes])
    assert encoder.calibrated and encoder.knobs == []


def test_learns_knobs_and_a_label(encoder, second, harmonic_tone):
    """Forty steps on eight notes of two timbres: the label is told by the timbre, the knobs by the measure."""
    shapes = torch.arange(8) % 2
    audio = torch.cat([harmonic_tone(second, 220.0, -3.0 - 15.0 * shape.item()) for shape in shapes])
    audio *= torch.linspace(0.2, 1.0, 8)[:, None]
    pitch, labels = torch.full((8, 100), 220.0), {"vco_2.shape": shapes.float(), "adsr_1.attack": torch.full((8,), 0.3)}
    encoder.calibrate([(audio, pitch)])
    sounding, errors = encoder.sounding(audio, encoder.judged_every), []
    optimizer = torch.optim.Adam(encoder.parameters(), lr=0.01)
    for _ in range(40):
        encoding = encoder(audio, pitch)
        terms = encoding.terms | encoder.label_terms(encoding, sounding, labels)
        optimizer.zero_grad()
        torch.stack([term.weight * term.value for term in terms.values()]).sum().backward()
        optimizer.step()
        errors.append((terms["supervision"].value.item(), terms["factors"].value.item()))
    assert all(last < 0.35 * first for first, last in zip(errors[0], errors[-1], strict=True)), (errors[0], errors[-1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"descriptors": []}, "neither descriptors nor factors: name at least one"),
        ({"factors": ["level"]}, "the knob level is listed twice"),
        ({"residual_size": 0}, "residual_size is 0"),
        ({"supervision_weight": -1.0}, "supervision_weight -1.0"),
        ({"dependence_weight": -0.5}, "dependence_weight -0.5"),
        ({"kl_weight": -0.5}, "kl_weight is -0.5"),
        ({"free_bits": -0.5}, "free_bits -0.5"),
    ],
)
def test_bad_options_are_named(clip_format, options, message):
    """With the value."""
    with pytest.raises(ValueError, match=message):
        DisentangledEncoder(clip_format, **options)
