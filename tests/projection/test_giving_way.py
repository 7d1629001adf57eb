"""Where a turned knob would drag what holds, it goes as far as that lets it."""

import pytest
import torch

from projection import Answer, Request, Target, found, give_way
from synths import ClipFormat, Level, Sharpness

CLIP = ClipFormat(sample_rate=16000, n_samples=3200, hop=160)
HOME, ASKED = 0.8, 0.2
TURNED = torch.tensor([[True, False]])


class Stiff:
    """A search that meets all that is asked, but loses a tenth of a position of what holds past a share of the way."""

    def __init__(self, playable, request):
        self.limit, self.request = playable, request

    def run(self):
        """Each sound is its share of the way, four renders long."""
        asked = self.request.mean(self.request.asked)
        share = (HOME - asked[:, :1]) / (HOME - ASKED)
        measured = asked + torch.tensor([0.0, 0.1]) * (share > self.limit[:, None] + 1e-4)
        n = len(asked)
        off = (measured - asked) / self.request.tolerance
        return share, Answer(["level", "sharpness"], asked, measured, off, off, torch.full((n,), 4), torch.ones(n))


def test_the_way_is_halved_until_what_holds_holds(monkeypatch):
    """Three eighths of it where 0.4 would do, home where nothing does; who drags nothing is not asked again."""
    monkeypatch.setattr(found, "MeanSearch", Stiff)
    limit = torch.tensor([0.4, 0.0, 1.0, 0.9])
    asked = torch.tensor([ASKED, 0.5]).repeat(4, 20, 1)
    home = torch.tensor([HOME, 0.5]).repeat(4, 20, 1)
    request = Request(Target([Level(CLIP), Sharpness(CLIP)]), asked, torch.ones(4, 20), 1, TURNED.repeat(4, 1))
    shares = []

    def playable_at(rows, share):
        shares.append(share)
        return limit[rows]

    audio, answer = give_way(playable_at, request, home, Stiff(limit, request).run())
    expected = torch.tensor([0.375, 0.0, 1.0, 0.875])
    torch.testing.assert_close(audio[:, 0], expected)
    torch.testing.assert_close(answer.measured[:, 0], HOME + expected * (ASKED - HOME))
    torch.testing.assert_close(answer.off, (answer.measured - answer.asked) / request.tolerance)
    torch.testing.assert_close(answer.asked[:, 0], torch.full((4,), ASKED))
    assert answer.off[:, 1].abs().max() < 1e-3
    assert answer.renders.tolist() == [16, 20, 4, 16]
    assert shares[0].tolist() == [0.5] * 3 and shares[-1].tolist() == [0.0]


class Noisier(Stiff):
    """What holds is half a tolerance off even at home, and a little more the farther the way."""

    def run(self):
        share, answer = super().run()
        asked = self.request.mean(self.request.asked)
        away = torch.tensor([0.0, 1.0]) * (0.5 + self.limit[:, None] * share) * self.request.tolerance
        measured = asked + away
        return share, answer._replace(measured=measured, off=(measured - asked) / self.request.tolerance)


@pytest.mark.parametrize(("more", "share"), [(0.1, 1.0), (1.6, 0.25), (9.0, 0.0)])
def test_what_does_not_hold_at_home_either_is_no_reason(monkeypatch, more, share):
    """A room, say, that is noisier than the recording: the level is met, or goes as far as that is not heard."""
    monkeypatch.setattr(found, "MeanSearch", Noisier)
    asked = torch.tensor([ASKED, 0.5]).repeat(1, 20, 1)
    home = torch.tensor([HOME, 0.5]).repeat(1, 20, 1)
    request = Request(Target([Level(CLIP), Sharpness(CLIP)]), asked, torch.ones(1, 20), 1, TURNED)
    worse = torch.tensor([more])
    audio, answer = give_way(lambda rows, share: worse, request, home, Noisier(worse, request).run())
    torch.testing.assert_close(audio, torch.tensor([[share]]))
    torch.testing.assert_close(answer.measured[:, 0], HOME + audio[:, 0] * (ASKED - HOME))


class Stuck(Stiff):
    """What holds is a third of a tolerance off wherever the turned knob goes but home, and no search mends it."""

    def run(self):
        share, answer = super().run()
        measured = self.request.mean(self.request.asked)
        measured = measured + torch.tensor([0.0, 0.33]) * (share > 0.0) * self.request.tolerance
        return share, answer._replace(measured=measured, off=(measured - answer.asked) / self.request.tolerance)


def test_a_long_way_is_not_given_up_for_what_nobody_hears(monkeypatch):
    """48 dB of level for a third of a tolerance of sharpness: only the last of the way that could pay is looked at."""
    monkeypatch.setattr(found, "MeanSearch", Stuck)
    asked = torch.tensor([ASKED, 0.5]).repeat(1, 20, 1)
    home = torch.tensor([HOME, 0.5]).repeat(1, 20, 1)
    request = Request(Target([Level(CLIP), Sharpness(CLIP)]), asked, torch.ones(1, 20), 1, TURNED)
    shares = []

    def playable_at(rows, share):
        shares.append(float(share))
        return torch.zeros(1)

    audio, answer = give_way(playable_at, request, home, Stuck(torch.zeros(1), request).run())
    assert audio.item() == pytest.approx(1.0) and min(shares) > 0.95 and len(shares) == 3
    torch.testing.assert_close(answer.off, torch.tensor([[0.0, 0.33]]), atol=1e-3, rtol=0.0)


def test_nothing_is_given_up_where_all_count_alike():
    """Nobody said which knob was turned: what was found stays."""
    asked = torch.full((1, 20, 2), 0.5)
    request = Request(Target([Level(CLIP), Sharpness(CLIP)]), asked, torch.ones(1, 20), 1)
    first = Stiff(torch.zeros(1), request).run()
    assert give_way(None, request, asked, first)[0] is first[0]
