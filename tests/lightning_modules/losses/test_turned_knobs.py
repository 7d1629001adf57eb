"""Turned knobs: how many, whereto and in what course they are asked for, and the error of what is then measured."""

import pytest
import torch

from lightning_modules.losses.turned_knobs import TurnedKnobs, knob_error
from synths import sounding_mean

N_CLIPS, N_FRAMES = 64, 9
CURVES = ["moved", "constant", "ramped", "borrowed"]


@pytest.fixture
def sounding():
    """(64, 9) clips that sound for 4 to 9 frames."""
    lengths = 4 + torch.arange(N_CLIPS) % 6
    return (torch.arange(N_FRAMES) < lengths[:, None]).float()


@pytest.fixture
def controls(sounding):
    """(64, 9, 4) positions; in silence they are absurd."""
    return torch.rand(N_CLIPS, N_FRAMES, 4) + 100.0 * (1.0 - sounding)[..., None]


@pytest.fixture
def ends():
    """What the pitch of each of 64 clips reaches of four knobs: ranges of a fifth to a half, each clip's its own."""
    low = 0.5 * torch.rand(N_CLIPS, 4)
    return low, low + 0.2 + 0.3 * torch.rand(N_CLIPS, 4)


def chosen(values, turned):
    """Those of (n, C, ...) values whose knob was turned."""
    return values[turned.bool()]


@pytest.mark.parametrize(
    ("how_many", "n_turned"), [("one", {1}), ("several", {2, 3}), ("all", {4}), ("mixed", {1, 2, 3, 4})]
)
def test_how_many(controls, sounding, ends, how_many, n_turned):
    """Knobs per clip: one, more than one and not all, all, or any number; every knob has its turn."""
    turned = TurnedKnobs(how_many=how_many).ask(controls, sounding, *ends).turned
    assert {int(n) for n in turned.sum(1)} == n_turned
    assert set(turned.unique().tolist()) <= {0.0, 1.0} and (turned.sum(0) > 5).all()


def test_a_hand_mostly_turns_one(controls, sounding, ends):
    """Half of the clips have a single knob turned."""
    many = TurnedKnobs().ask(controls.repeat(20, 1, 1), sounding.repeat(20, 1), *(end.repeat(20, 1) for end in ends))
    assert many.turned.sum(1).eq(1).float().mean().item() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("curve", [*CURVES, "mixed"])
@pytest.mark.parametrize("how_many", ["one", "several"])
def test_other_knobs_are_untouched(controls, sounding, ends, how_many, curve):
    """To the bit, in every frame."""
    asked, turned = TurnedKnobs(how_many=how_many, curve=curve).ask(controls, sounding, *ends)
    assert asked.shape == controls.shape
    assert (asked != controls).any(1).equal(turned.bool())


@pytest.mark.parametrize("curve", ["moved", "constant", "ramped"])
def test_drawn_means_are_within_reach(controls, sounding, ends, curve):
    """Means stay within what notes of the clip's pitch reach, wherever the knob was, and cover all of it."""
    low, high = ends
    drawn = TurnedKnobs(how_many="all", source="drawn", curve=curve).ask(controls, sounding, low, high)
    place = (sounding_mean(drawn.controls, sounding) - low) / (high - low)
    assert place.min() > -1e-3 and place.max() < 1 + 1e-3
    assert place.min() < 0.15 and place.max() > 0.85 and place.mean().item() == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("curve", ["moved", "constant", "borrowed"])
def test_swapped_means_are_another_clips(controls, sounding, ends, curve):
    """All turned knobs of a clip go to the means of one and the same other clip, wherever this pitch reaches."""
    # A course is borrowed in the frames where the other clip sounds: here all do in all.
    mask = torch.ones_like(sounding) if curve == "borrowed" else sounding
    means = sounding_mean(controls, mask)
    swapped = TurnedKnobs(how_many="all", source="swapped", curve=curve).ask(controls, mask, *ends)
    same = (sounding_mean(swapped.controls, mask)[:, None] - means[None]).abs().amax(-1) < 1e-3
    assert same.sum(1).eq(1).all() and not same.diagonal().any()


def test_mixed_sources_are_both(controls, sounding, ends):
    """Half of the clips are swapped, the others drawn."""
    low, high = ends
    means = sounding_mean(controls, sounding)
    mixed = TurnedKnobs(how_many="all", curve="constant").ask(controls, sounding, low, high)
    swapped = ((mixed.controls[:, 0][:, None] - means[None]).abs().amax(-1) < 1e-4).any(1)
    within = (mixed.controls[:, 0] >= low - 1e-6) & (mixed.controls[:, 0] <= high + 1e-6)
    assert swapped.float().mean().item() == pytest.approx(0.5, abs=0.2)
    assert within[~swapped].all()


def test_moved_keeps_the_contour(controls, sounding, ends):
    """All frames of a knob move alike."""
    asked, turned = TurnedKnobs(curve="moved").ask(controls, sounding, *ends)
    moved = chosen((asked - controls).transpose(1, 2), turned)
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved), atol=1e-4, rtol=0)
    assert moved.abs().amin() > 0


def test_constant_is_flat(controls, sounding, ends):
    """The same position in all frames."""
    asked, turned = TurnedKnobs(curve="constant").ask(controls, sounding, *ends)
    assert not chosen(asked.diff(dim=1).transpose(1, 2), turned).any()


def test_ramped_is_straight(controls, sounding, ends):
    """By the same step from frame to frame, up in some clips and down in others, both ends within reach."""
    low, high = ends
    asked, turned = TurnedKnobs(curve="ramped", source="drawn").ask(controls, sounding, low, high)
    steps = chosen(asked.diff(dim=1).transpose(1, 2), turned)
    torch.testing.assert_close(steps, steps[:, :1].expand_as(steps), atol=1e-5, rtol=0)
    assert (steps > 0).any() and (steps < 0).any() and steps.abs().max() > 0.02
    for frame in (0, -1):
        position = chosen(asked[:, frame], turned)
        assert (position >= chosen(low, turned) - 1e-6).all() and (position <= chosen(high, turned) + 1e-6).all()


@pytest.mark.parametrize("source", ["drawn", "swapped"])
def test_borrowed_has_another_clips_course(controls, sounding, ends, source):
    """All turned knobs move as in one other clip, around its mean; where that clip is silent they stand still."""
    asked, _ = TurnedKnobs(how_many="all", curve="borrowed", source=source).ask(controls, sounding, *ends)
    courses = (controls - sounding_mean(controls, sounding)[:, None]) * sounding[..., None]
    away = (asked[:, None] - courses[None]).diff(dim=2).abs().amax(dim=(2, 3))
    assert (away < 1e-3).sum(1).eq(1).all() and not (away < 1e-3).diagonal().any()
    assert asked.abs().max() < 3, "the absurd positions of silence are not borrowed"


def test_mixed_curves_are_all_of_them(controls, sounding, ends):
    """Some clips stand still, some move in a line, some keep their contour, some take another's."""
    asked, turned = TurnedKnobs(how_many="all", source="drawn").ask(controls, torch.ones_like(sounding), *ends)
    flat = asked.diff(dim=1).abs().amax(dim=(1, 2)) == 0
    straight = asked.diff(dim=1).diff(dim=1).abs().amax(dim=(1, 2)) < 1e-5
    kept = (asked - controls).diff(dim=1).abs().amax(dim=(1, 2)) < 1e-4
    counts = [int(flat.sum()), int((straight & ~flat).sum()), int(kept.sum()), int((~straight & ~kept).sum())]
    assert turned.all() and sum(counts) == N_CLIPS and min(counts) > 5


def test_only_the_first_clips_are_turned(controls, sounding, ends):
    """As many as there are ends; the others are there to swap with."""
    asked, turned = TurnedKnobs(how_many="all", source="swapped", curve="constant").ask(
        controls, sounding, ends[0][:3], ends[1][:3]
    )
    assert asked.shape == (3, N_FRAMES, 4) and turned.shape == (3, 4)
    means = sounding_mean(controls, sounding)
    from_whom = (asked[:, 0][:, None] - means[None]).abs().amax(-1).argmin(1)
    assert (from_whom >= 3).any() and (from_whom != torch.arange(3)).all()


@pytest.mark.parametrize("source", ["drawn", "swapped", "mixed"])
@pytest.mark.parametrize("curve", [*CURVES, "mixed"])
def test_a_batch_of_one_clip_works(controls, sounding, ends, source, curve):
    """It has nobody to swap with: its own place and course are what is there."""
    low, high = (end[:1] for end in ends)
    asked, turned = TurnedKnobs(source=source, curve=curve).ask(controls[:1], sounding[:1], low, high)
    assert asked.shape == (1, N_FRAMES, 4) and asked.isfinite().all() and turned.sum() >= 1


@pytest.mark.parametrize("how_many", ["one", "several", "all", "mixed"])
@pytest.mark.parametrize("n_knobs", [1, 2])
def test_few_knobs_work(controls, sounding, ends, how_many, n_knobs):
    """A single one is always turned; several of two are both."""
    asked, turned = TurnedKnobs(how_many=how_many).ask(
        controls[..., :n_knobs], sounding, *(e[:, :n_knobs] for e in ends)
    )
    assert asked.shape == (N_CLIPS, N_FRAMES, n_knobs) and turned.sum(1).min() >= 1
    if n_knobs == 1 or how_many in ("several", "all"):
        assert turned.all()


def test_asking_draws_anew(controls, sounding, ends):
    """Each step asks for something else; the same random numbers ask for the same."""
    first, second = (TurnedKnobs().ask(controls, sounding, *ends) for _ in range(2))
    assert not first.turned.equal(second.turned)
    torch.manual_seed(3)
    third = TurnedKnobs().ask(controls, sounding, *ends)
    torch.manual_seed(3)
    assert TurnedKnobs().ask(controls, sounding, *ends).controls.equal(third.controls)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"share": -0.1}, r"model\.turned\.share is -0\.1: it is a share of the batch"),
        ({"share": 1.5}, r"model\.turned\.share is 1\.5"),
        ({"share": float("nan")}, r"model\.turned\.share is nan"),
        ({"weight": -1.0}, r"model\.turned\.weight is -1\.0: it must not be negative"),
        ({"weight": float("nan")}, r"model\.turned\.weight is nan"),
        ({"guard_weight": -0.5}, r"model\.turned\.guard_weight is -0\.5"),
        ({"how_many": "few"}, r"model\.turned\.how_many is 'few': it is one of one, several, all, mixed"),
        ({"source": "stolen"}, r"model\.turned\.source is 'stolen': it is one of drawn, swapped, mixed"),
        ({"curve": "bent"}, r"model\.turned\.curve is 'bent': it is one of moved, constant, ramped, borrowed, mixed"),
    ],
)
def test_nonsense_is_refused(options, message):
    """With the key, the value and what would do."""
    with pytest.raises(ValueError, match=message):
        TurnedKnobs(**options)


@pytest.mark.parametrize("options", [{"share": 0.0}, {"share": 1.0}, {"weight": 0.0, "guard_weight": 0.0}])
def test_the_ends_are_allowed(options):
    """None, all, and without a price."""
    TurnedKnobs(**options)


def test_can_be_read_with_weights_only(tmp_path):
    """It is part of a checkpoint."""
    torch.save(TurnedKnobs(share=0.5, curve="ramped"), tmp_path / "turned.pt")
    assert torch.load(tmp_path / "turned.pt", weights_only=True) == TurnedKnobs(share=0.5, curve="ramped")


def test_mean_over_sounding_frames():
    """By hand; a clip that never sounds has the mean 0."""
    controls = torch.tensor([[[1.0, 10.0], [3.0, 30.0], [99.0, 99.0]], [[5.0, 5.0]] * 3])
    mean = sounding_mean(controls, torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]))
    assert mean.tolist() == [[2.0, 20.0], [0.0, 0.0]]


def test_mean_is_exact_in_mixed_precision(sounding):
    """A knob's error is a few thousandths of its range: bfloat16 would round it away."""
    controls = torch.rand(64, 9, 3)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = sounding_mean(controls, sounding)
    assert mixed.equal(sounding_mean(controls, sounding))


def test_knob_error():
    """Mean absolute distance over the sounding frames, by hand."""
    asked = torch.zeros(1, 4, 2)
    measured = torch.tensor([[[0.1, -0.4], [-0.3, 0.0], [0.2, 0.2], [100.0, -100.0]]])
    error = knob_error(asked, measured, torch.tensor([[1.0, 1.0, 1.0, 0.0]]))
    torch.testing.assert_close(error, torch.tensor([[0.2, 0.2]]))


def test_knob_error_teaches(sounding):
    """Its gradient pulls the measured position to the asked one, in sounding frames only."""
    asked, measured = torch.rand(64, 9, 3), torch.rand(64, 9, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(knob_error(asked, measured, sounding).sum(), measured)
    expected = (measured.detach() - asked).sign() * (sounding / sounding.sum(1, keepdim=True))[..., None]
    torch.testing.assert_close(gradient, expected)


def test_turned_clips_are_asked_for_the_mean_that_they_are_judged_by():
    """A drawn place is the mean over judged frames, where every other frame would pull it elsewhere."""
    controls = torch.rand(3, 13, 2)
    sounding = torch.tensor([[1.0, 1, 0, 0], [0, 1, 1, 1], [1, 1, 1, 1]])
    low, high = torch.full((3, 2), 0.3), torch.full((3, 2), 0.3)
    turned = TurnedKnobs(how_many="all", source="drawn", curve="moved").ask(controls, sounding, low, high, every=4)
    torch.testing.assert_close(sounding_mean(turned.controls, sounding, 4), low)
