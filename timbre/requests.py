"""What is asked of knobs on the command line: `sharpness=0.8`, `sharpness=1.8acum`, `noisiness=-30dB`, `+2jnd`."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from synths.descriptors.request import JND, KnobRequest

if TYPE_CHECKING:  # torch comes with it, and what is written wrong is told before
    from synths import Descriptor

EXAMPLES = {
    "--set": "--set sharpness=0.5 or --set sharpness=1.8acum",
    "--nudge": "--nudge sharpness=+0.1 or --nudge sharpness=+2jnd",
}
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(\S.*)?", re.IGNORECASE)
_SLACK = 1e-4
"""Positions by which an end, typed as it is printed, may lie outside."""

Kind: TypeAlias = "Descriptor | type[Descriptor]"


class SpokenUnit(NamedTuple):
    """How a descriptor's unit is written: the word, and how many of it make one of the descriptor's own."""

    word: str
    n: float = 1.0


def spoken_unit(kind: Kind) -> SpokenUnit:
    """The unit as it is typed and printed: a share in percent, a scale from 0 to 100 in points."""
    return {"1": SpokenUnit("%", 100.0), "0-100": SpokenUnit("points")}.get(kind.unit, SpokenUnit(kind.unit))


def parsed_requests(given: Sequence[str], option: str) -> list[KnobRequest]:
    """What the option --set (places) or --nudge (moves) says; this needs no model, and knows no ranges.

    Args:
        given: KNOB=NUMBER each, the number with a unit or without: then it is a position
        option: --set or --nudge

    Raises:
        ValueError: it is not such a request, or names a knob twice; one sentence, with the mend
    """
    return each_once([_parsed(text, option) for text in given])


def parsed_beside(given: Sequence[str]) -> list[KnobRequest]:
    """What the option --also says of descriptors that are no knobs: a sign makes a move, and the unit may be left out.

    Raises:
        ValueError: it is no such request
    """
    requests = []
    for text in given:
        name, _, number = (part.strip() for part in text.partition("="))
        unit = spoken_unit(beside_kind(name, text)).word
        match = _NUMBER.fullmatch(number.replace("−", "-"))
        if match is None:
            raise ValueError(f"--also {text}: write --also {name}=NUMBER or {name}=+NUMBER, in {unit}.")
        request = KnobRequest(name, float(match[1]), "", match[1][0] in "+-", f"--also {text}")
        requests.append(in_unit(request, match[2] or unit, or_else=""))
    return each_once(requests)


def beside_kind(name: str, written: str = "") -> "type[Descriptor]":
    """The descriptor that --also names, which must change smoothly with what is played: slopes say how to turn it.

    Raises:
        ValueError: there is none, or it jumps
    """
    from synths.descriptors.describe import descriptor_kinds

    kinds = {kind.name: kind for kind in descriptor_kinds()}
    if name in kinds and (reason := kinds[name].not_for_training):
        raise ValueError(f"--also {written or name}: it cannot be turned: {reason}.")
    if name not in kinds:
        smooth = ", ".join(name for name, kind in kinds.items() if not kind.not_for_training)
        raise ValueError(f"--also {written or name}: choose one of {smooth}.")
    return kinds[name]


def each_once(requests: list[KnobRequest]) -> list[KnobRequest]:
    """The same; raises ValueError if a knob is asked twice."""
    for place, request in enumerate(requests):
        before = [each for each in requests[:place] if each.knob == request.knob]
        if before:
            raise ValueError(f"{before[0].written} and {request.written} ask the same knob twice: leave one out.")
    return requests


def _parsed(text: str, option: str) -> KnobRequest:
    name, equals, number = (part.strip() for part in text.partition("="))
    mend = f"write {option} KNOB=NUMBER, such as {EXAMPLES[option]}"
    return request_of(name, number if name and equals else "", option == "--nudge", f"{option} {text}", mend)


def request_of(knob: str, number: str, moves: bool, written: str, mend: str) -> KnobRequest:
    """One request as it is written: a number with a unit, or without: then it is a position.

    Args:
        knob: its name
        number: such as 0.8, 1.8acum or +2jnd
        moves: whether it is a move
        written: all of it, for messages
        mend: how such a request is written, to end the sentence of a refusal

    Raises:
        ValueError: it is no number, or in a unit that the knob does not have
    """
    match = _NUMBER.fullmatch(number.strip().replace("−", "-"))
    if match is None:
        raise ValueError(f"{written}: {mend}.")
    return in_unit(KnobRequest(knob, float(match[1]), "", moves, written), match[2] or "")


def in_unit(request: KnobRequest, word: str, or_else: str = " or, without a unit, as a position") -> KnobRequest:
    """The same in the unit that was written behind it; that of an unknown knob is met later (`refuse_unknown`).

    Args:
        request: in positions
        word: of the unit, or "" if there is none
        or_else: what else could be written, to end the sentence of a refusal

    Raises:
        ValueError: the knob has another unit, or a place is counted in JNDs
    """
    if not word:
        return request
    if plain(word) in ("jnd", "jnds"):
        if not request.moves:
            raise ValueError(
                f"{request.written}: a place is not counted in JNDs: write --nudge {request.knob}=+2jnd to move it."
            )
        return request._replace(unit=JND)
    from synths.descriptors.describe import descriptor_kinds

    kinds = {kind.name: kind for kind in descriptor_kinds()}
    if request.knob not in kinds:
        return request._replace(unit=word)
    spoken = spoken_unit(kinds[request.knob])
    if plain(word) != plain(spoken.word):
        moved = f", in {JND.upper()}" if request.moves and kinds[request.knob].jnd else ""
        raise ValueError(
            f"{request.written}: {request.knob} is not measured in '{word}': give it in {spoken.word}{moved}{or_else}."
        )
    return request._replace(unit=kinds[request.knob].unit, value=request.value / spoken.n)


def plain(unit: str) -> str:
    """A unit as it is compared: `dB`, `db` and `_db` are one, `percent` is `%`."""
    return re.sub(r"[\s_]", "", unit.lower()).replace("percent", "%")


def refuse_unknown(
    requests: Sequence[KnobRequest],
    descriptors: Mapping[str, Kind],
    factors: Sequence[str] = (),
    owner: str = "this model",
) -> None:
    """Refuse what these knobs cannot be asked.

    Args:
        requests: as parsed
        descriptors: the knobs that are there, by name
        factors: further controls, that have positions only
        owner: whose knobs they are

    Raises:
        ValueError: there is no such knob, it has no such unit or no least audible difference
    """
    names = [*descriptors, *factors]
    for request in requests:
        name = request.knob
        if name not in names:
            known = f"{owner} has {', '.join(names) or 'none'}"
            raise ValueError(f"{request.written}: there is no knob '{name}': {known}.")
        if request.unit and name not in descriptors:
            raise ValueError(f"{request.written}: {name} is measured in nothing: give it as a position, 0 to 1.")
        if request.unit == JND and descriptors[name].jnd is None:
            unit = spoken_unit(descriptors[name]).word
            raise ValueError(
                f"{request.written}: no least audible difference of {name} is known: give the move in {unit}."
            )
        if request.unit not in ("", JND) and plain(request.unit) != plain(descriptors[name].unit):
            raise ValueError(
                f"{request.written}: {name} is not measured in '{request.unit}': give it in "
                f"{spoken_unit(descriptors[name]).word}."
            )


def refuse_out_of_range(request: KnobRequest, descriptor: "Descriptor | None") -> None:
    """Refuse a place outside the knob's range, and a move by more than all of it.

    Args:
        request: whose unit is the knob's
        descriptor: its range is meant; None for a control that has positions only

    Raises:
        ValueError: it is; the sentence names the range in the unit in which was asked
    """
    import torch

    value = torch.as_tensor(request.value, dtype=torch.float64).reshape(-1)
    low, high = -1.0 if request.moves else 0.0, 1.0
    if request.unit and descriptor is not None:
        low, high = sorted(descriptor.span.double().tolist())
        if request.moves:
            step = (descriptor.jnd or 1.0) if request.unit == JND else 1.0
            low, high = -(high - low) / step, (high - low) / step
    slack = _SLACK * (high - low)
    wrong = (value < low - slack) | (value > high + slack) | ~value.isfinite()
    if wrong.any():
        does = "moves by" if request.moves else "goes from"
        word, n = _counted(request, descriptor)
        raise ValueError(
            f"{request.written} is out of range: {request.knob} {does} {low * n:{_sign(request)}.4g} to "
            f"{high * n:{_sign(request)}.4g}{word}{'' if request.moves else ', its training range'}."
        )


def _counted(request: KnobRequest, descriptor: "Descriptor | None") -> tuple[str, float]:
    """The unit behind a number, and what the number is to be multiplied by."""
    if not request.unit or descriptor is None:
        return "", 1.0
    if request.unit == JND:
        return " JND", 1.0
    return f" {spoken_unit(descriptor).word}", spoken_unit(descriptor).n


def _sign(request: KnobRequest) -> str:
    return "+" if request.moves else ""
