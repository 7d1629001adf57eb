"""A pitch that somebody gives: one number, or a file of times and frequencies."""

from pathlib import Path

import numpy as np

from synths import ClipFormat
from timbre.timed_lines import NumberedLine, numbered_lines, parts_of, refuse_disorder

LOWEST_HZ, HIGHEST_HZ = 16.0, 24000.0
COLUMNS = ("time_s", "f0_hz")


def given_pitch(given: str, n_samples: int, clip: ClipFormat) -> np.ndarray:
    """The pitch of a sound, as the option --f0 gives it.

    Args:
        given: a number in Hz, or the path of a text file: a line per moment, time in seconds and pitch in Hz, between
            them a comma, semicolon, tab or blanks; a first line `time_s,f0_hz` and lines that begin with # are passed
            over. Between the moments pitch is interpolated in log-frequency, before and after them it is held
        n_samples: of the sound
        clip: its format

    Returns:
        (F,) float32 in Hz, F = ceil(N / hop), frame t at sample t * hop

    Raises:
        ValueError: it is not such a number or file; the message names what is wrong and the mend
    """
    time_s, f0_hz = _steady(given, clip) or _curve(Path(given), clip)
    frame_s = np.arange(-(-n_samples // clip.hop)) * clip.hop / clip.sample_rate
    return np.exp(np.interp(frame_s, time_s, np.log(f0_hz))).astype(np.float32)


def refuse_no_pitch(given: str | None) -> None:
    """Refuse what --f0 says, before it is known at which rate a model plays.

    Raises:
        ValueError: it is neither a pitch nor a file of pitches
    """
    if given is not None and _steady(given, None) is None:
        _curve(Path(given), None)


def _steady(given: str, clip: ClipFormat | None) -> tuple[list[float], list[float]] | None:
    """The pitch that a number gives; None if it is not a number."""
    try:
        f0_hz = float(given)
    except ValueError:
        return None
    _check(f0_hz, f"--f0 {given}", clip)
    return [0.0], [f0_hz]


def _curve(path: Path, clip: ClipFormat | None) -> tuple[list[float], list[float]]:
    """Times and pitches of a file."""
    time_s: list[float] = []
    f0_hz: list[float] = []
    for number, line in _lines(path):
        where = f"{path}, line {number}"
        moment, pitch = _numbers(line, where)
        refuse_disorder(moment, time_s, where)
        _check(pitch, where, clip)
        time_s.append(moment)
        f0_hz.append(pitch)
    if not time_s:
        raise ValueError(f"{path} holds no pitch: write a line per moment, such as 0.5,440.")
    return time_s, f0_hz


def _lines(path: Path) -> list[NumberedLine]:
    """The numbered lines that hold numbers."""
    lines = numbered_lines(
        path,
        not_text=f"--f0 {path} is not text: give a number in Hz, or a file of lines such as 0.5,440.",
        unreadable=f"--f0 {path} is not a number and cannot be read ({{}}): give Hz, or a file of time_s,f0_hz.",
    )
    is_headed = bool(lines) and tuple(parts_of(lines[0].text.lower())) == COLUMNS
    return lines[1:] if is_headed else lines


def _numbers(line: str, where: str) -> tuple[float, float]:
    try:
        moment, pitch = map(float, parts_of(line))
    except ValueError:
        shown = line if len(line) <= 40 else f"{line[:40]}…"
        raise ValueError(f"{where}: '{shown}' is not a time in s and a pitch in Hz, such as 0.5,440.") from None
    return moment, pitch


def _check(f0_hz: float, where: str, clip: ClipFormat | None) -> None:
    """Refuse what no sound at this rate, or at any rate, has as its pitch."""
    highest_hz, rate = (HIGHEST_HZ, "the highest rate") if clip is None else (clip.nyquist_hz, "the model's rate")
    if not LOWEST_HZ <= f0_hz < highest_hz:
        raise ValueError(
            f"{where}: {f0_hz:g} Hz is out of range: give {LOWEST_HZ:g} Hz to less than {highest_hz:g} Hz, half {rate}."
        )
