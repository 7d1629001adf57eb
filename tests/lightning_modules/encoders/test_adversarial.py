"""The adversarial family: what the critic is asked, who learns what from it, and that it works."""

import math
from functools import partial

import pytest
import torch

from lightning_modules.encoders import AdversarialEncoder, BottleneckResidual, FrameCritic, Residual, Trunk
from synths import ClipFormat, Level, Noisiness, Sharpness

SMALL = partial(BottleneckResidual, size=3, trunk=partial(Trunk, width=16))


@pytest.fixture
def notes(second):
    """Three clips of noise that fade in and end after half a second, and their pitch."""
    audio = 0.1 * torch.randn(3, second.n_samples) * torch.linspace(0, 1, second.n_samples)
    audio[:, 8000:] = 0.0
    return audio, torch.full((3, 100), 220.0)


def small(clip, *descriptors, **options):
    """An encoder with a residual of three numbers."""
    return AdversarialEncoder(clip, descriptors or (Level, Sharpness), SMALL, **options)


def knowing(encoder, controls, sureness):
    """(B, F, C, n_bins) logits of a critic that sees the controls."""
    each = [torch.bucketize(controls[..., c].contiguous(), edges) for c, edges in enumerate(encoder.edges)]
    return sureness * torch.nn.functional.one_hot(torch.stack(each, dim=-1), encoder.edges.shape[1] + 1).float()


def test_controls_are_measured_and_the_residual_is_learnt(second, notes):
    """The knobs are the descriptors' own; the residual is the recipe's, alike in training and after it."""
    encoder = small(second)
    for mode in (True, False):
        encoding = encoder.train(mode)(*notes)
        assert encoding.controls.equal(encoder.knob_positions(*notes))
        torch.testing.assert_close(encoding.residual, encoder.residual(*notes)[0])
        assert set(encoding.terms) == ({"critic"} if mode else set())
    assert encoder.residual_size == 3


def test_bins_have_equal_mass(second):
    """Whatever the knobs' distributions, each bin of each knob holds a sixteenth of the training frames."""
    encoder, positions = small(second), torch.stack([torch.rand(3200) ** 3, 5.0 * torch.randn(3200)], dim=-1)
    encoder.learn_positions(positions)
    for knob, edges in enumerate(encoder.edges):
        counts = torch.bincount(torch.bucketize(positions[:, knob].contiguous(), edges), minlength=16)
        assert counts.tolist() == pytest.approx([200] * 16, abs=1)


def test_calibration_cuts_the_bins(second, notes):
    """From the frames that sound: the positions of one clip at its loudest fill the bins evenly."""
    encoder = small(second, n_bins=4)
    before = encoder.edges.clone()
    encoder.calibrate([notes])
    positions = encoder.knob_positions(*notes, encoder.every)[encoder.sounding(notes[0], encoder.every).bool()]
    assert not encoder.edges.equal(before)
    shares = [(positions[:, [c]] <= encoder.edges[c]).float().mean(0) for c in range(2)]
    torch.testing.assert_close(torch.stack(shares), torch.tensor([[0.25, 0.5, 0.75]] * 2), atol=0.02, rtol=0)


def test_a_critic_that_knows_nothing_pays_the_logarithm_of_the_bins(second, notes):
    """Even odds: ln 16 nats; the critic's last layer at zero."""
    encoder = small(second)
    for weight in encoder.critic.guess[-1].parameters():
        torch.nn.init.zeros_(weight)
    term = encoder(*notes).terms["critic"]
    assert term.value.item() == pytest.approx(math.log(16)) and term.weight == 1.0


def test_a_critic_that_knows_pays_nothing(second):
    """Each knob's logits are compared with the bin of that knob, clip and frame."""
    encoder, controls, sounding = small(second), torch.rand(2, 9, 2), torch.ones(2, 9)
    encoder.learn_positions(torch.rand(1000, 2) * torch.tensor([1.0, 0.3]))
    logits = knowing(encoder, controls, 50.0)
    assert encoder.mistaken(logits, controls, sounding) < 1e-6
    for wrong in (logits.flip(0), logits.flip(1), logits.flip(2)):
        assert encoder.mistaken(wrong, controls, sounding) > 5.0


def test_silence_does_not_count(second):
    """A guess in a frame without sound is neither right nor wrong; without any sound there is nothing to lose."""
    encoder, controls = small(second), torch.rand(2, 8, 2)
    sounding = torch.ones(2, 8)
    sounding[0, 3:], sounding[1, :2] = 0, 0
    right = knowing(encoder, controls, 50.0)
    misled = torch.where(sounding[..., None, None] > 0, right, -right)
    assert encoder.mistaken(misled, controls, sounding) < 1e-6 < encoder.mistaken(misled, controls, torch.ones(2, 8))
    uniform = encoder.mistaken(0 * right, controls, sounding)
    assert uniform.item() == pytest.approx(math.log(16))
    assert encoder.mistaken(misled, controls, 0 * sounding) == 0


def test_the_critic_learns_and_the_residual_unlearns(second, notes):
    """At strength 1 the critic's gradient is the plain one, which lowers its loss; the residual's is its opposite."""
    encoder = small(second, strength=1.0, ramp_steps=0)
    weights = [list(module.parameters()) for module in (encoder.critic, encoder.residual)]
    loss = encoder(*notes).terms["critic"].value
    learnt, unlearnt = (torch.autograd.grad(loss, part, retain_graph=True) for part in weights)

    def plain_loss():
        encoding, every = encoder(*notes), encoder.judged_every
        guessed = encoder.critic(encoding.residual[:, ::every])
        return encoder.mistaken(guessed, encoding.controls[:, ::every], encoder.sounding(notes[0], every))

    plain = plain_loss()
    torch.testing.assert_close(plain, loss)
    critic, residual = (torch.autograd.grad(plain, part, retain_graph=True) for part in weights)
    torch.testing.assert_close(learnt, critic)
    torch.testing.assert_close(unlearnt, tuple(-gradient for gradient in residual))
    assert any(gradient.any() for gradient in residual)
    with torch.no_grad():
        for weight, gradient in zip(weights[0], learnt, strict=True):
            weight -= 0.01 * gradient
    assert plain_loss() < plain


def test_knobs_learn_nothing_from_the_critic(second, notes):
    """The sound has a gradient by way of the residual only."""
    encoder = small(second, strength=0.0)
    audio = notes[0].requires_grad_()
    (gradient,) = torch.autograd.grad(encoder(audio, notes[1]).terms["critic"].value, audio)
    assert not gradient.any()


@pytest.mark.parametrize(("ramp_steps", "strengths"), [(4, [0.1, 0.2, 0.3, 0.4, 0.4]), (0, [0.4] * 3), (1, [0.4] * 2)])
def test_the_strength_grows_in_a_line_and_stops(second, notes, ramp_steps, strengths):
    """With the training steps; what is only listened to is no step, and a run that goes on goes on from there."""
    encoder = small(second, strength=0.4, ramp_steps=ramp_steps)
    for strength in strengths[:-1]:
        encoder(*notes)
        assert [encoder.strength_now() for _ in range(3)] == pytest.approx([strength] * 3)
    encoder.eval()(*notes)
    resumed = small(second, strength=0.4, ramp_steps=ramp_steps)
    resumed.load_state_dict(encoder.state_dict())
    resumed(*notes)
    assert resumed.strength_now() == pytest.approx(strengths[-1])


def test_every_training_step_is_counted(second, notes):
    """One per batch that is encoded."""
    encoder = small(second)
    for _ in range(3):
        encoder(*notes)
    assert encoder.n_steps == 3


def test_the_critic_hears_frames_around(second):
    """Three before and three after; a clip does not hear another."""
    critic, residual = FrameCritic(4, 2, 5), torch.randn(2, 20, 4)
    other = residual.clone()
    other[1, 10] += 5.0
    changed = (critic(other) - critic(residual)).abs().amax(dim=(2, 3)) > 1e-6
    assert critic(residual).shape == (2, 20, 2, 5)
    assert not changed[0].any() and changed[1].nonzero().flatten().tolist() == list(range(7, 14))


class _Copying(Residual):
    """The first and the second sample of each frame of the sound, each with a gain that is learnt, in noise."""

    def __init__(self, clip):
        super().__init__(clip, 2)
        self.gain = torch.nn.Parameter(torch.ones(2))

    def forward(self, audio, f0_hz):
        said = self.gain * audio.unflatten(1, (f0_hz.shape[1], -1))[..., :2]
        return said + 0.3 * torch.randn_like(said), {}


class _Told(AdversarialEncoder):
    """Its one knob is the first sample of a frame, and all of it sounds."""

    def knob_positions(self, audio, f0_hz, every=1):
        return audio.unflatten(1, (f0_hz.shape[1], -1))[..., :1]

    def sounding(self, audio, every=1):
        return torch.ones(len(audio), audio.shape[1] // self.hop)


def left_in_the_residual(strength):
    """R2 with which a fresh line predicts the knob, and the other number, from the residual after 120 steps."""
    clip = ClipFormat(16000, 100 * 640, 640)
    encoder = _Told(clip, [Noisiness], _Copying, partial(FrameCritic, width=32), 8, strength, ramp_steps=50)
    encoder.learn_positions(torch.randn(5000, 1))
    read = torch.nn.Linear(3, 1)
    # Less momentum than usual: with 0.9 the residual overshoots, forgets the knob and comes back to it.
    optimizer = torch.optim.Adam([*encoder.parameters(), *read.parameters()], lr=0.01, betas=(0.5, 0.999))
    for _ in range(120):
        audio = torch.randn(4, clip.n_samples)
        controls, residual, terms, _ = encoder(audio, torch.ones(4, 100))
        wanted = audio.unflatten(1, (100, -1))[..., 1:2]
        kept = (read(torch.cat([controls, residual], dim=-1)) - wanted).square().mean()
        optimizer.zero_grad()
        (kept + terms["critic"].value).backward()
        optimizer.step()
    audio = torch.randn(20, clip.n_samples)
    with torch.no_grad():
        residual = encoder.eval()(audio, torch.ones(20, 100)).residual.flatten(0, 1)
    truth = audio.unflatten(1, (100, -1))[..., :2].flatten(0, 1)
    known = torch.cat([residual, torch.ones(len(residual), 1)], dim=1)
    wrong = truth[1000:] - known[1000:] @ torch.linalg.lstsq(known[:1000], truth[:1000]).solution
    return (1.0 - wrong.square().mean(0) / truth[1000:].var(0)).tolist()


def test_the_residual_forgets_the_knob_and_keeps_the_rest():
    """A fresh line finds the copied knob at strength 0 and hardly at strength 1; what no knob says stays."""
    knob, rest = left_in_the_residual(0.0)
    assert knob > 0.8 and rest > 0.8
    knob, rest = left_in_the_residual(1.0)
    assert knob < 0.1 and rest > 0.8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"descriptors": []}, "no descriptors: name at least one"),
        ({"n_bins": 1}, "n_bins is 1"),
        ({"strength": -0.1}, "strength -0.1"),
        ({"ramp_steps": -1}, "ramp_steps -1"),
    ],
)
def test_bad_options_are_named(clip_format, options, message):
    """With the value."""
    with pytest.raises(ValueError, match=message):
        AdversarialEncoder(clip_format, **options)
