"""What one start does not meet is searched for from another, and half-way between if that does."""

import torch

from projection import Answer, Request, Target, found, from_other_start
from synths import ClipFormat, Level, Sharpness

CLIP = ClipFormat(sample_rate=16000, n_samples=3200, hop=160)
NEEDS = torch.tensor([0.0, 0.4, 0.9, 2.0, 0.4, 0.4])
"""How near to the other start each of six requests is met; the fourth nowhere, the last two turn nothing or rest."""
AT_REST = torch.tensor([False] * 5 + [True])


class FromStart:
    """A search that misses level by ten tolerances where it starts too near to the first start."""

    def __init__(self, playable, request):
        self.needs, self.share, self.request = *playable, request

    def run(self):
        """Each sound is its share of the way, three renders long."""
        asked, n = self.request.mean(self.request.asked), len(self.share)
        off = torch.stack([10.0 * (self.share < self.needs), torch.zeros(n)], dim=1)
        measured = asked + off * self.request.tolerance
        return self.share[:, None].clone(), Answer(["level", "sharpness"], asked, measured, off, off, *self.rest(n))

    def rest(self, n):
        """Renders and peaks."""
        return torch.full((n,), 3), torch.ones(n)


def test_the_other_start_takes_over_no_farther_than_it_must(monkeypatch):
    monkeypatch.setattr(found, "MeanSearch", FromStart)
    turned = torch.tensor([[True, False]] * 4 + [[False, False]] * 2)
    asked = torch.full((6, 20, 2), 0.5)
    request = Request(Target([Level(CLIP), Sharpness(CLIP)]), asked, torch.ones(6, 20), 1, turned, AT_REST)
    tried = []

    def playable_between(rows, share):
        tried.append(rows.tolist())
        return NEEDS[rows], share

    first = FromStart((NEEDS, torch.zeros(6)), request).run()
    audio, answer, share = from_other_start(playable_between, request, *first)
    assert share.tolist() == [0.0, 0.5, 1.0, 0.0, 0.0, 0.0]
    assert audio[:, 0].tolist() == share.tolist()
    assert tried == [[1, 2, 3], [1, 2]], "not what is met, turns nothing or rests; not half-way where it is no help"
    assert (answer.off[:, 0].abs() < 0.01).tolist() == [True, True, True, False, False, False]
    assert answer.renders.tolist() == [3, 9, 9, 6, 3, 3]
