"""Pieces of a long recording: cut in its pauses, in phase, joined without a seam."""

import torch

from instrument.pieces import Piece, in_phase, joined, phase_at, pieces_of, stretches_of
from synths.oscillator import oscillator_bank


def test_what_is_short_is_one_piece():
    assert pieces_of(3000, torch.zeros(750), 4, 100.0) == [Piece(0, 0, 3000, 3000)]
    assert stretches_of(2999, 4, 100.0) == [Piece(0, 0, 2999, 2999)]


def test_cuts_lie_where_it_is_quietest():
    """A pause after 18 s; of 60 s the rest is as loud everywhere."""
    level_db = torch.zeros(1500)
    level_db[450] = -50.0
    pieces = pieces_of(6000, level_db, 4, 100.0)
    assert [(piece.first, piece.end) for piece in pieces] == [(0, 1800), (1800, 3300), (3300, 6000)]
    assert [(piece.start, piece.stop) for piece in pieces] == [(0, 1824), (1700, 3324), (3200, 6000)]


def test_stretches_cover_everything_once():
    covered = [frame for piece in stretches_of(7001, 4, 100.0) for frame in range(piece.first, piece.end)]
    assert covered == list(range(7001))


def test_pieces_of_a_glide_are_the_whole():
    """A tone that glides, rendered in pieces that each begin at phase 0 and joined: as if it had been one."""
    hop, rate = 160, 16000
    f0_hz = 220.0 * 2.0 ** (0.3 * torch.sin(torch.arange(7000) / 300.0))
    whole = oscillator_bank(f0_hz[None], torch.ones(1, 7000, 3), hop, rate)[0]

    def sounds():
        turns = None
        for piece in stretches_of(7000, 4, 100.0):
            pitch = f0_hz[piece.start : piece.stop]
            if turns is not None:
                pitch = in_phase(pitch, piece.first - piece.start, turns, hop, rate)
                assert (pitch - f0_hz[piece.start : piece.stop]).abs().max() < 1.0
            yield piece, oscillator_bank(pitch[None], torch.ones(1, len(pitch), 3), hop, rate)[0]
            turns = phase_at(pitch, piece.end - piece.start, hop, rate)

    parts = list(joined(sounds(), hop, rate))
    assert len(parts) == 5
    torch.testing.assert_close(torch.cat(parts), whole, atol=2e-2, rtol=0.0)


def test_the_last_piece_may_be_longer():
    pieces = [Piece(0, 0, 8, 10), Piece(4, 8, 16, 16)]
    sounds = [torch.ones(1000 * 10), torch.ones(1000 * 13)]
    assert len(torch.cat(list(joined(zip(pieces, sounds, strict=True), 1000, 16000)))) == 17000
