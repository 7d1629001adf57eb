"""What counts: means over what sounds, what holds before what was turned, changes that are not chance."""

import torch

from projection import Request, Target
from synths import ClipFormat, Level, Sharpness

CLIP = ClipFormat(sample_rate=16000, n_samples=3200, hop=160)


def request_of(turned=None, n_frames=20, sounding=None):
    """Level and sharpness at a half, in two sounds."""
    asked = torch.full((2, n_frames, 2), 0.5)
    sounding = torch.ones(2, n_frames) if sounding is None else sounding
    return Request(Target([Level(CLIP), Sharpness(CLIP)]), asked, sounding, 1, turned)


def test_missed_is_in_tolerances_of_the_mean_over_what_sounds():
    """One dB of 80, and 0.08 acum of 1.6, heard in the second half, which alone sounds."""
    sounding = torch.tensor([0.0] * 10 + [1.0] * 10).repeat(2, 1)
    request = request_of(sounding=sounding)
    level, sharpness = request.target.knobs
    step = torch.stack([knob.position_of(knob.value_at(torch.tensor(0.5)) + knob.jnd) for knob in (level, sharpness)])
    heard = request.asked.clone()
    heard[:, 10:] += 2.0 * (step - 0.5)
    heard[:, :10] = 9.0
    torch.testing.assert_close(request.missed(heard), torch.full((2, 2), -2.0), rtol=1e-4, atol=1e-4)
    assert request.active().equal(sounding.bool())


def test_what_holds_outweighs_what_was_turned():
    """A held knob half a tolerance off is worse than a turned one five off; without a mask they are alike."""
    turned = torch.tensor([[False, True], [False, True]])
    held_off, turned_off = torch.tensor([[0.5, 0.0]] * 2), torch.tensor([[0.0, 5.0]] * 2)
    request = request_of(turned)
    assert (request.score(held_off, request.asked) > request.score(turned_off, request.asked)).all()
    assert request.dragged(held_off).all() and not request.dragged(turned_off).any()
    assert request.far(turned_off).equal(turned) and not request_of().far(turned_off).any()
    alike = request_of()
    assert (alike.score(held_off, alike.asked) < alike.score(turned_off, alike.asked)).all()


def test_smooth_takes_chance_out_and_keeps_the_mean():
    """Noise shrinks, more where nothing was turned; a constant stays what it is; the mean is the same."""
    request = request_of(torch.tensor([[True, False], [False, False]]), n_frames=200)
    noise = torch.randn(1, 200, 2).repeat(2, 1, 1)
    smooth = request.smooth(noise + 3.0)
    torch.testing.assert_close(smooth.mean(1), noise.mean(1) + 3.0)
    spread = smooth.std(1)
    assert (spread[0] < 0.7 * noise[0].std(0)).all() and (spread[1] < 0.8 * spread[0]).all()
    constant = torch.ones(2, 200, 2)
    torch.testing.assert_close(request.smooth(constant), constant)


def test_the_prior_is_plain_where_nothing_was_turned():
    """The identity there, as given elsewhere and where nobody said."""
    prior = torch.rand(2, 4, 4)
    chosen = request_of(torch.tensor([[True, False], [False, False]])).plain_where_nothing_turns(prior)
    assert chosen[0].equal(prior[0]) and chosen[1].equal(torch.eye(4))
    assert request_of().plain_where_nothing_turns(prior).equal(prior)


def test_what_is_no_number_cannot_be_asked():
    """Nor what is silent."""
    request = request_of(sounding=torch.stack([torch.zeros(20), torch.ones(20)]))
    assert request.can_be_asked(torch.ones(2, 2)).tolist() == [False, True]
    request.asked[1, 3, 0] = torch.nan
    assert request.can_be_asked(torch.ones(2, 2)).tolist() == [False, False]


def test_held_first_lets_nothing_make_up_for_what_is_heard():
    """A held knob that is heard to be off is worse than a turned one a hundred off, and unnoticed as good as met."""
    request = request_of(torch.tensor([[False, True], [False, True]]))
    scores = [request.held_first(torch.tensor([off] * 2))[0] for off in ([1.2, 0.0], [0.1, 99.0], [0.0, 98.0])]
    assert scores[0] > scores[1] > scores[2]
    assert request.held_first(torch.tensor([[0.1, 3.0]] * 2)).equal(request.held_first(torch.tensor([[0.0, 3.0]] * 2)))


def test_what_is_not_heard_has_its_price():
    """A fifth of a tolerance beyond what is noticed is worth two of the turned knob, and not five."""
    request = request_of(torch.tensor([[False, True], [False, True]]))
    kept, two, five = (request.held_first(torch.tensor([off] * 2))[0] for off in ([0.4, 0.0], [0.2, 1.9], [0.2, 5.0]))
    assert two < kept < five


def test_no_farther_back_than_pays():
    """Two tolerances of a way of 24, all of it where what holds is heard to be off, and nothing where it holds."""
    request = request_of(torch.tensor([[False, True], [False, True]]))
    home = request.asked - 24.0 * request.tolerance[:, None]
    for missed, shares in (([[0.4, 0.0], [1.1, 0.0]], [1.0 - 2.0 / 24.0, 0.0]), ([[0.1, 9.0], [0.2, 0.0]], [1.0, 1.0])):
        torch.testing.assert_close(request.share_that_pays(torch.tensor(missed), home), torch.tensor(shares))
    assert request_of().share_that_pays(torch.ones(2, 2), request_of().asked).tolist() == [1.0, 1.0]


def test_some_rows_of_a_request_ask_the_same():
    """With what sounds, what is turned and their tolerance."""
    sounding = torch.stack([torch.ones(20), torch.tensor([0.0] * 10 + [1.0] * 10)])
    request = request_of(torch.tensor([[True, False], [False, True]]), sounding=sounding)
    some = request.of(torch.tensor([1]))
    assert some.turned.tolist() == [[False, True]] and some.sounding.equal(sounding[1:])
    torch.testing.assert_close(some.tolerance, request.tolerance[1:])


def test_part_of_a_request_asks_less_of_what_is_turned():
    """A quarter of the way from 0.1 to 0.5 is 0.2; what holds is asked as before."""
    request = request_of(torch.tensor([[True, False], [False, True]]))
    part = request.part_of(torch.full_like(request.asked, 0.1), torch.tensor([0.25, 1.0]))
    torch.testing.assert_close(part.asked[0], torch.tensor([0.2, 0.5]).expand(20, 2))
    torch.testing.assert_close(part.asked[1], request.asked[1])
    alike = request_of()
    assert alike.part_of(torch.zeros_like(alike.asked), torch.zeros(2)) is alike
