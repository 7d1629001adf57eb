"""A bank of harmonic oscillators with exact phase, exact gradients and little memory.

No partial is evaluated by its own sine. With z = exp(i 2 pi phase), partials stand in blocks of J = 2 M + 1 around the
centres c = 0, J, 2 J, ...:

    sum_k a_k z^k = sum_c z^c sum_{m=-M..M} a_{c+m} z^m,

and the inner sum needs only the cosines and sines of m = 1..M times the phase, which all blocks share. With
angle = 2 pi phase, it is

    a_c + sum_{m=1..M} (a_{c+m} + a_{c-m}) cos(m angle) + i (a_{c+m} - a_{c-m}) sin(m angle).

The same blocks, transposed, give the gradient of the amplitudes. `definition` says the sum plainly, the backends say it
fast, `bank` puts them behind one differentiable function. Partials that are no harmonics share nothing: `free_bank`
gives each a phase and a sine to itself, in the `free_*_backend`s.
"""

from synths.oscillator.bank import available_backends, oscillator_bank
from synths.oscillator.definition import plain_bank
from synths.oscillator.free_bank import around, audible_partials, free_bank
from synths.oscillator.phase import audible_harmonics, frame_phase, next_frame, phase_turns

__all__ = [
    "around",
    "audible_harmonics",
    "audible_partials",
    "available_backends",
    "frame_phase",
    "free_bank",
    "next_frame",
    "oscillator_bank",
    "phase_turns",
    "plain_bank",
]
