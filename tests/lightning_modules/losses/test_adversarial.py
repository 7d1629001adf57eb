"""The critic learns to tell sounds apart, the model is pulled the other way; outside training it is the distance."""

import copy
from functools import partial

import pytest
import torch

from lightning_modules.losses import AdversarialLoss, AuralossMultiResolution, MultiResolution
from lightning_modules.losses import adversarial as module


@pytest.fixture
def sounds(clip_format, harmonic_tone):
    """(4, N) resyntheses, which are noise, and recordings, which are tones."""
    tones = torch.cat([harmonic_tone(clip_format, f0_hz) for f0_hz in (200.0, 300.0, 400.0, 500.0)])
    return (0.1 * torch.randn(4, clip_format.n_samples)).requires_grad_(), tones


def scores(loss, audio):
    """What the critic says of sounds, the mean over windows."""
    return torch.stack([layers[-1].mean() for layers in loss.critic(audio)]).mean()


def gradients(loss, sounds, value):
    """By the output, and by each of the critic's weights."""
    found = torch.autograd.grad(value, [sounds[0], *loss.critic.parameters()], allow_unused=True)
    return found[0], found[1:]


@pytest.mark.parametrize("distance", [MultiResolution, AuralossMultiResolution])
def test_outside_training_it_is_the_distance(distance, clip_format, sounds):
    """The same number, and the same gradient, to the bit; in training a hundredth of the critic's error more."""
    loss, plain = AdversarialLoss(clip_format, distance), distance(clip_format)
    expected = plain(*sounds)
    loss.eval()
    assert loss(*sounds).equal(expected)
    assert gradients(loss, sounds, loss(*sounds))[0].equal(torch.autograd.grad(plain(*sounds), sounds[0])[0])
    loss.train()
    assert loss(sounds[0].detach(), sounds[1]).equal(expected), "no gradient is wanted"
    error = loss.mistaken(sounds[0].detach(), loss.critic(sounds[1]))
    torch.testing.assert_close(loss(*sounds), expected + 0.01 * error)


def test_the_critic_learns_to_call_recordings_real(clip_format, sounds):
    """A small step down its gradient: recordings are judged higher, resyntheses lower."""
    loss = AdversarialLoss(clip_format)
    before = [scores(loss, audio).item() for audio in sounds]
    slopes = gradients(loss, sounds, loss(*sounds))[1]
    with torch.no_grad():
        for weight, slope in zip(loss.critic.parameters(), slopes, strict=True):
            weight -= 0.1 * slope / slope.norm().clamp_min(1e-9)  # at first, biases of the ends cancel
    made, real = (scores(loss, audio).item() for audio in sounds)
    assert real > before[1] and made < before[0]


def test_the_sound_is_pulled_to_what_the_critic_calls_real(clip_format, sounds):
    """Against the critic's own direction, half as strongly as the distance pulls; the distance's pull is untouched."""
    loss, plain = AdversarialLoss(clip_format, matching=0.0), MultiResolution(clip_format)
    own = torch.autograd.grad(plain(*sounds), sounds[0])[0]
    pull = gradients(loss, sounds, loss(*sounds))[0] - own
    assert pull.norm().item() == pytest.approx(0.5 * own.norm().item(), rel=1e-4)
    of_critic = torch.autograd.grad(loss.mistaken(sounds[0], loss.critic(sounds[1])), sounds[0])[0]
    assert torch.nn.functional.cosine_similarity(pull.flatten(), of_critic.flatten(), dim=0) < -0.99
    moved = sounds[0] - 0.01 * pull / pull.norm()
    assert scores(loss, moved) > scores(loss, sounds[0])


def test_what_pulls_teaches_the_critic_nothing(clip_format, sounds):
    """However strong: the gradients of its weights are the same to the bit, those of the sound are not."""
    loss = AdversarialLoss(clip_format, share=0.0)
    none = gradients(loss, sounds, loss(*sounds))
    loss.share = 3.0
    strong = gradients(loss, sounds, loss(*sounds))
    assert all(one.equal(other) for one, other in zip(none[1], strong[1], strict=True))
    assert none[0].equal(torch.autograd.grad(loss.distance(*sounds), sounds[0])[0]) and not none[0].equal(strong[0])


def test_matching_brings_what_the_critic_sees_nearer(clip_format, sounds):
    """In its layers, whatever it says of the sound."""
    loss = AdversarialLoss(clip_format, matching=1e6)
    pull = gradients(loss, sounds, loss.pulled(sounds[0], loss.distance(*sounds), loss.critic(sounds[1])))[0]

    def apart(audio):
        pairs = zip(loss.critic(audio), loss.critic(sounds[1]), strict=True)
        return sum(
            (one - other).abs().mean() for made, real in pairs for one, other in zip(made[:3], real[:3], strict=True)
        )

    assert apart(sounds[0] - 0.01 * pull / pull.norm()) < apart(sounds[0])


def test_a_critic_learns_to_tell_noise_from_tones(clip_format, sounds):
    """In thirty steps of the optimiser that the model has."""
    loss = AdversarialLoss(clip_format)
    adam = torch.optim.Adam(loss.parameters(), lr=2e-3)
    for _ in range(30):
        adam.zero_grad()
        loss(*sounds).backward()
        adam.step()
    made, real = (scores(loss, audio).item() for audio in sounds)
    assert real > 1.0 + made


def test_a_step_moves_its_weights_less_than_the_models(clip_format):
    """A tenth or less: by the numbers that sounds are multiplied with, not by those that are kept."""
    for layer in AdversarialLoss(clip_format).critic.modules():
        if isinstance(layer, torch.nn.Conv2d) and layer.in_channels > 1:
            assert layer.scale <= 0.12
            # kept at 1, used as He et al. 2015 would begin
            assert layer.weight.std().item() == pytest.approx(1.0, abs=0.15)


def test_trained_on_from_its_state_it_is_the_same(clip_format, sounds):
    """Weights and optimiser, copied: the next step to the bit."""
    loss = AdversarialLoss(clip_format)
    adam = torch.optim.Adam(loss.parameters(), lr=2e-3)

    def step(loss, adam):
        adam.zero_grad()
        loss(*sounds).backward()
        adam.step()

    step(loss, adam)
    other = AdversarialLoss(clip_format)
    other.load_state_dict(loss.state_dict())
    again = torch.optim.Adam(other.parameters(), lr=2e-3)
    again.load_state_dict(copy.deepcopy(adam.state_dict()))
    step(loss, adam)
    step(other, again)
    assert all(one.equal(two) for one, two in zip(loss.parameters(), other.parameters(), strict=True))


def test_it_hears_in_decibels(clip_format, sine):
    """2 for a full-scale sine, 20 dB are 1, -2 for silence."""
    peaks = [module.log_magnitudes(sine(clip_format, 1000.0, level), 512).max() for level in (1.0, 0.1)]
    assert peaks[0] == pytest.approx(2.0, abs=0.01) and peaks[0] - peaks[1] == pytest.approx(1.0, abs=0.01)
    assert (module.log_magnitudes(torch.zeros(1, 3200), 512) == -2.0).all()


@pytest.mark.parametrize("silent", [(0,), (1,), (0, 1)])
def test_silence_is_finite(silent, clip_format, sounds):
    """The resynthesis, the recording, or both."""
    pair = [torch.zeros_like(audio) if place in silent else audio.detach() for place, audio in enumerate(sounds)]
    pair[0].requires_grad_()
    loss = AdversarialLoss(clip_format)
    value = loss(*pair)
    slopes = gradients(loss, pair, value)
    assert value.isfinite() and all(slope.isfinite().all() for slope in (slopes[0], *slopes[1]))


def test_mixed_precision_changes_nothing_of_what_the_critic_hears(clip_format, sounds):
    """Its value and its pull are those of float32."""
    loss = AdversarialLoss(clip_format)
    expected, (slope, _) = loss(*sounds), gradients(loss, sounds, loss(*sounds))
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(*sounds)
    torch.testing.assert_close(value, expected)
    torch.testing.assert_close(gradients(loss, sounds, value)[0], slope)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"share": -0.1}, "share is -0.1"),
        ({"matching": float("nan")}, "matching nan"),
        ({"width": 0}, "width 0"),
        ({"windows_s": (1.0,)}, r"windows_s \(1.0,\) do not fit clips of 0.2 s"),
    ],
)
def test_wrong_settings_are_refused(settings, said, clip_format):
    with pytest.raises(ValueError, match=said):
        partial(AdversarialLoss, **settings)(clip_format)
