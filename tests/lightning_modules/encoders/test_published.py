"""The rivals' encoder and critic: each flaw is there when it is asked for, and gone when it is not."""

import librosa
import numpy as np
import pytest
import torch
from scipy.fft import dct

from lightning_modules.encoders.published import PublishedCritic, PublishedResidual
from synths import ClipFormat, Level

BLOCK = 1024


@pytest.fixture
def blocks():
    """Eight frames of the published hop."""
    return ClipFormat(16000, 8 * BLOCK, BLOCK)


def noise(clip, n_clips=3):
    """(B, N) noise of equal level, and its (B, F) pitch."""
    return 0.1 * torch.randn(n_clips, clip.n_samples), torch.full((n_clips, clip.n_frames), 220.0)


@pytest.mark.parametrize("recurs_over", ["batch", "time"])
@pytest.mark.parametrize("with_loudness", [False, True])
@pytest.mark.parametrize(("sample_rate", "hop"), [(16000, 160), (16000, 1024), (48000, 480)])
def test_shapes(recurs_over, with_loudness, sample_rate, hop):
    """A number of frames as the clip has, at every hop; one more number for the loudness, and no terms."""
    clip = ClipFormat(sample_rate, 6 * hop, hop)
    residual = PublishedResidual(clip, 5, 12, recurs_over, with_loudness)
    value, terms = residual(*noise(clip))
    assert value.shape == (3, 6, residual.size) and residual.size == 5 + with_loudness and not terms


def test_hears_the_coefficients_of_librosa(blocks):
    """30 of 128 triangular bands on O'Shaughnessy's mel scale from 20 Hz to Nyquist, frames of 1024 samples."""
    audio, _ = noise(blocks, 1)
    mel = librosa.feature.melspectrogram(
        y=audio[0].numpy(), sr=16000, n_fft=1024, hop_length=BLOCK, n_mels=128, fmin=20, htk=True, norm=None,
        pad_mode="reflect",
    )  # fmt: skip
    expected = dct(librosa.power_to_db(mel, top_db=80), axis=0, norm="ortho")[:30, :-1].T
    np.testing.assert_allclose(PublishedResidual(blocks).hear(audio)[0], expected, rtol=1e-3, atol=1e-2)


def test_over_the_batch_clips_hear_each_other(blocks):
    """As published a clip's residual follows from the clips before it; mended, from its own sound alone."""
    audio, f0_hz = noise(blocks)
    other = torch.cat([0.1 * torch.randn(1, blocks.n_samples), audio[1:]])
    published = PublishedResidual(blocks, width=32, recurs_over="batch")
    before, after = published(audio, f0_hz)[0], published(other, f0_hz)[0]
    assert all((before[i] - after[i]).abs().max() > 1e-3 for i in range(3))
    torch.testing.assert_close(published(audio[:2], f0_hz[:2])[0], before[:2])
    mended = PublishedResidual(blocks, width=32)
    torch.testing.assert_close(mended(audio, f0_hz)[0][1:], mended(other, f0_hz)[0][1:])


def test_over_the_batch_frames_remember_nothing(blocks):
    """As published, frames in another order are the same residual in that order; mended, their course is heard."""
    audio, f0_hz = noise(blocks)
    # Windows do not overlap at this hop: frame t hears a block of its own, from half a block before its centre.
    order = torch.tensor([5, 2, 7, 1, 4, 6, 3])
    cut = audio[:, BLOCK // 2 : -BLOCK // 2].unflatten(1, (7, BLOCK))[:, order - 1].flatten(1)
    shuffled = torch.cat([audio[:, : BLOCK // 2], cut, audio[:, -BLOCK // 2 :]], dim=1)
    published, mended = (PublishedResidual(blocks, width=32, recurs_over=over) for over in ("batch", "time"))
    expected = published(audio, f0_hz)[0][:, order]
    torch.testing.assert_close(published(shuffled, f0_hz)[0][:, 1:], expected, rtol=1e-3, atol=1e-4)
    moved = mended(shuffled, f0_hz)[0][:, 1:] - mended(audio, f0_hz)[0][:, order]
    assert moved.abs().amax(dim=(0, 2)).min() > 1e-3


def test_a_loud_neighbour_hides_a_quiet_clip(blocks):
    """The decibels have a floor 80 below the loudest: of the whole batch as published, else of the clip."""
    audio = torch.stack([torch.randn(blocks.n_samples), 1e-6 * torch.randn(blocks.n_samples)])
    published, mended = PublishedResidual(blocks, recurs_over="batch"), PublishedResidual(blocks)
    hidden = published.hear(audio)[1]
    assert hidden.std(dim=0).max() < 1e-3 < published.hear(audio[1:])[0].std(dim=0).max()
    torch.testing.assert_close(mended.hear(audio)[1], mended.hear(audio[1:])[0])


def test_the_loudness_is_the_level_and_is_not_learnt(second):
    """It follows the sound by 6.02 dB where that is halved; it is 2 at full scale, and has no weights."""
    audio, f0_hz = noise(second)
    with_it, without = PublishedResidual(second, 4, 8, with_loudness=True), PublishedResidual(second, 4, 8)
    assert sum(w.numel() for w in with_it.parameters()) == sum(w.numel() for w in without.parameters())
    loudness = with_it(audio, f0_hz)[0][..., -1]
    torch.testing.assert_close(25.0 * loudness - 50.0, Level(second).measure(audio, f0_hz))
    quieter = with_it(0.5 * audio, f0_hz)[0][..., -1]
    torch.testing.assert_close(25.0 * (loudness - quieter), torch.full_like(loudness, 6.02), atol=0.01, rtol=0)
    sine = torch.sin(2 * torch.pi * 1000.0 * torch.arange(16000) / 16000)[None]
    assert with_it(sine, f0_hz[:1])[0][0, 50, -1].item() == pytest.approx(2.0, abs=0.01)
    assert with_it(0 * sine, f0_hz[:1])[0][0, 50, -1].item() == pytest.approx(-1.2)


@pytest.mark.parametrize("recurs_over", ["batch", "time"])
def test_every_weight_learns(blocks, recurs_over):
    """No layer is left out."""
    residual = PublishedResidual(blocks, 4, 8, recurs_over)
    residual(*noise(blocks))[0].square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in residual.parameters())


def test_mixed_precision_does_not_reach_the_spectra(second):
    """Under bfloat16 the loudness is that of full precision, and the rest close to it."""
    residual, given = PublishedResidual(second, 4, 8, with_loudness=True), noise(second)
    exact = residual(*given)[0]
    with torch.autocast("cpu", torch.bfloat16):
        mixed = residual(*given)[0]
    assert mixed.dtype == torch.float32
    torch.testing.assert_close(mixed[..., -1], exact[..., -1])
    torch.testing.assert_close(mixed, exact, atol=0.03, rtol=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"size": 0}, "size is 0"), ({"width": 0}, "width 0"), ({"recurs_over": "clips"}, "recurs_over is 'clips'")],
)
def test_bad_options_are_named(clip_format, options, message):
    """With the value."""
    with pytest.raises(ValueError, match=message):
        PublishedResidual(clip_format, **options)


@pytest.mark.parametrize(("residual_size", "n_controls", "n_bins"), [(16, 5, 16), (3, 2, 4), (1, 1, 2)])
def test_the_critic_judges_every_knob_in_every_frame(residual_size, n_controls, n_bins):
    """(B, F, D) -> (B, F, C, n_bins), for a residual of one number too."""
    critic = PublishedCritic(residual_size, n_controls, n_bins)
    assert critic(torch.randn(3, 9, residual_size)).shape == (3, 9, n_controls, n_bins)


def test_the_critic_has_the_published_size():
    """For 16 numbers, 5 descriptors, 16 classes: kernels of 7 without bias, two weights per normalised channel."""
    shared = 2 * (16 * 16 * 7 + 2 * 16) + 16 * 8 * 7 + 2 * 8
    each = 8 * 4 * 7 + 2 * 4 + 4 * 16 * 7
    assert sum(weight.numel() for weight in PublishedCritic(16, 5, 16).parameters()) == shared + 5 * each


@pytest.mark.parametrize("knob", [0, 1, 2])
def test_the_critic_keeps_knobs_in_order(knob):
    """The guess of a knob stands in that knob's place, whatever the number of bins."""
    critic = PublishedCritic(4, 3, 3)
    torch.nn.init.zeros_(critic.guesses[knob][-1].weight)
    silent = (critic(torch.randn(2, 20, 4)) == 0).all(dim=-1)
    assert silent.all(dim=(0, 1)).tolist() == [i == knob for i in range(3)]


def test_the_critic_hears_frames_in_place():
    """With its statistics at rest, a change in frame 30 is heard 15 frames around it, five kernels, and by its clip."""
    critic, residual = PublishedCritic(4, 2, 3).eval(), torch.randn(2, 60, 4)
    other = residual.clone()
    other[1, 30] += 5.0
    changed = (critic(other) - critic(residual)).abs().amax(dim=(2, 3)) > 1e-7
    assert not changed[0].any() and changed[1, 30]
    assert not changed[1, :15].any() and not changed[1, 46:].any()


def test_the_critic_normalises_by_the_batch():
    """In training a clip is judged by the statistics of its neighbours."""
    critic, residual = PublishedCritic(4, 2, 3), torch.randn(2, 20, 4)
    other = torch.cat([residual[:1], 3.0 * residual[1:]])
    assert not critic(residual)[0].allclose(critic(other)[0])
    critic.eval()
    torch.testing.assert_close(critic(residual)[0], critic(other)[0])


def test_the_loudness_is_kept_from_the_critic():
    """It could not be unlearnt: no gradient reaches the residual's last number."""
    residual = torch.randn(2, 20, 5, requires_grad=True)
    PublishedCritic(5, 2, 3, with_loudness=True)(residual).square().sum().backward()
    assert not residual.grad[..., -1].any() and residual.grad[..., :-1].abs().amin(dim=(0, 1)).min() > 0


@pytest.mark.parametrize(("copied", "found"), [([0, 1], [True, True]), ([0, 0], [True, False])])
def test_the_critic_finds_what_is_there(copied, found):
    """With two knobs, each that the residual copies is guessed, in its place; the other stays at chance."""
    critic = PublishedCritic(8, 2, 4)
    optimizer = torch.optim.Adam(critic.parameters(), lr=0.02)
    for _ in range(60):
        bins = torch.randint(4, (8, 50, 2))
        logits = critic(torch.nn.functional.one_hot(bins[..., copied], 4).flatten(2).float())
        torch.nn.functional.cross_entropy(logits.flatten(0, 2), bins.flatten()).backward()
        optimizer.step()
        optimizer.zero_grad()
    right = (logits.argmax(-1) == bins).float().mean(dim=(0, 1))
    assert all(share > 0.6 if knob else share < 0.35 for share, knob in zip(right.tolist(), found, strict=True)), right


@pytest.mark.parametrize(("residual_size", "n_controls", "with_loudness"), [(0, 3, False), (1, 3, True), (4, 0, False)])
def test_nothing_to_judge_is_refused(residual_size, n_controls, with_loudness):
    """No residual, none but the loudness, no knobs."""
    with pytest.raises(ValueError, match="at least 1 of each"):
        PublishedCritic(residual_size, n_controls, 16, with_loudness)
