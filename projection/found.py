"""The best that was found of several searches for the same requests."""

from torch import Tensor

from projection.mean_search import MeanSearch
from projection.playable import Playable
from projection.request import Request
from projection.search import Answer


class Found:
    """What was found first, and is replaced row by row: what holds comes first, then how near the turned knobs are.

    Args:
        request: of B sounds
        audio: (B, N)
        answer: to the whole request
    """

    def __init__(self, request: Request, audio: Tensor, answer: Answer) -> None:
        self.request, self.audio, self.answer = request, audio, answer
        self.score = request.held_first(-answer.off)

    def search(self, playable: Playable, rows: Tensor, asked: Request, margin: float = 0.0) -> tuple[Tensor, Tensor]:
        """Search once more for (R,) rows, and keep what scores lower, and lower by more than a margin.

        Args:
            playable: what is played
            rows: which requests
            asked: of these rows, perhaps less than the whole
            margin: below 0 for what may also score higher by so much

        Returns:
            (R,) which rows were replaced, and (R, C) tolerances that the new ones are off
        """
        some, own = self.request.of(rows), self.answer
        audio, answer = MeanSearch(playable, asked).run()
        off = (answer.measured - some.mean(some.asked)) / some.tolerance
        score = some.held_first(-off)
        better = score < self.score[rows] - margin
        chosen = rows[better]
        self.score[chosen], self.audio[chosen] = score[better], audio[better]
        own.measured[chosen], own.off[chosen] = answer.measured[better], off[better]
        own.peak[chosen] = answer.peak[better]
        own.renders[rows.cpu()] += answer.renders
        return better, off
