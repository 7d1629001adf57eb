"""Long recordings in pieces: cut where they are quietest, put together again with no seam."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from synths.oscillator.phase import frame_phase

LONGEST_S = 30.0
"""What is no longer is played in one piece."""
SHORTEST_PIECE_S, LONGEST_PIECE_S = 15.0, 25.0
BEFORE_S, AFTER_S = 1.0, 0.25
"""What a piece plays beside what is heard of it: a room fills, a decoder settles, windows reach over the cut."""
FADE_S = 0.04
"""How long one piece passes into the next."""
TUNED_S = 0.6
"""The first part of a piece, unheard, in which its phase is brought to where the piece before has it."""


class Piece(NamedTuple):
    """Frames of a recording: `start` to `stop` are played, `first` to `end` are heard."""

    start: int
    first: int
    end: int
    stop: int


def pieces_of(n_frames: int, level_db: Tensor, every: int, frame_rate_hz: float) -> list[Piece]:
    """Cut a recording into pieces.

    Args:
        n_frames: F
        level_db: (F / every,) its level
        every: cuts lie on every so-many-th frame
        frame_rate_hz: frames per second
    """
    cuts = [0]
    while n_frames - cuts[-1] > LONGEST_S * frame_rate_hz:
        soonest, latest = (cuts[-1] + round(length * frame_rate_hz) for length in (SHORTEST_PIECE_S, LONGEST_PIECE_S))
        near = level_db[soonest // every : latest // every]
        cuts.append((soonest // every + int(near.argmin())) * every)
    return pieces_between([*cuts, n_frames], every, frame_rate_hz)


def is_long(n_frames: int, frame_rate_hz: float) -> bool:
    """Whether a recording is played in several pieces."""
    return n_frames > LONGEST_S * frame_rate_hz


def stretches_of(n_frames: int, every: int, frame_rate_hz: float) -> list[Piece]:
    """Pieces of one length, for a recording of which nothing is known yet."""
    shortest = round(SHORTEST_PIECE_S * frame_rate_hz / every) * every
    step = shortest if is_long(n_frames, frame_rate_hz) else n_frames
    return pieces_between([*range(0, n_frames, step), n_frames], every, frame_rate_hz)


def pieces_between(cuts: list[int], every: int, frame_rate_hz: float) -> list[Piece]:
    """Pieces between frames, with what is played beside them."""
    before, after = (round(length * frame_rate_hz / every) * every for length in (BEFORE_S, AFTER_S))
    return [Piece(max(0, first - before), first, end, min(cuts[-1], end + after)) for first, end in pairwise(cuts)]


def in_phase(f0_hz: Tensor, first: int, turns: Tensor, hop: int, sample_rate: int) -> Tensor:
    """Pitch with which a sound passes its frame `first` at a given phase.

    Args:
        f0_hz: (F,)
        first: frame
        turns: () phase of the fundamental there, in turns
        hop: samples per frame
        sample_rate: in Hz

    Returns:
        (F,) the same but for the first 0.6 s, which are out of tune by 1 Hz at most
    """
    missing = (turns - phase_at(f0_hz, first, hop, sample_rate) + 0.5).remainder(1.0) - 0.5
    n_tuned = min(first, round(TUNED_S * sample_rate / hop))
    if not n_tuned:
        return f0_hz
    tuned = f0_hz.clone()
    # As phase adds up: the last of these hops is half way back.
    tuned[:n_tuned] += (missing * sample_rate / (hop * n_tuned - (hop - 1) / 2)).to(f0_hz)
    return tuned


def phase_at(f0_hz: Tensor, frame: int, hop: int, sample_rate: int) -> Tensor:
    """() phase of the fundamental at a frame, in turns."""
    return frame_phase(f0_hz[None, : frame + 1], hop, sample_rate)[0, -1, 0]


def joined(sounds: Iterable[tuple[Piece, Tensor]], hop: int, sample_rate: int) -> Iterator[Tensor]:
    """Put pieces together.

    Args:
        sounds: pieces in order, and the (n,) audio that each plays from its `start` on; the last may be longer
        hop: samples per frame
        sample_rate: in Hz

    Yields:
        (n,) audio that follows the one before
    """
    half = round(FADE_S * sample_rate / 2)
    rise = torch.linspace(0.0, 1.0, 2 * half)
    fading: Tensor | None = None
    for piece, audio in sounds:
        begin, end = (piece.first - piece.start) * hop, (piece.end - piece.start) * hop
        is_last = piece.end == piece.stop
        own = audio[begin - half if piece.first else 0 : None if is_last else end + half].clone()
        if fading is not None:
            own[: 2 * half] = own[: 2 * half] * rise + fading * (1.0 - rise)
        fading = None if is_last else own[-2 * half :].clone()
        yield own if is_last else own[: -2 * half]
