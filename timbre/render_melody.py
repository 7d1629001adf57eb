"""A score through one model or several, into a file, and what is said of it."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor
from tqdm import tqdm

from instrument.samples import OnDisk, Samples, Scaled
from melodies.exact_voices import can_be_exact
from melodies.melody_player import MelodyPlayer
from melodies.part_sound import PartSettings, PlayedVoice, dry_stretches, in_room
from melodies.player_hand import PlayerHand, Tally, octaves_into, tally_sentences
from melodies.score import Part, Score, answers_to, perform
from melodies.sounding_voice import VoiceCurves
from sounds.audio import Channel
from timbre.asked import AskedKnobs
from timbre.heard_phrase import heard_phrase
from timbre.knob_report import wrapped
from timbre.matching_options import octaves_asked
from timbre.melody_instrument import MelodyInstrument, controller_map, melody_instrument, player_settings
from timbre.melody_options import mapped, voice_choices
from timbre.melody_report import FollowedKnobs, table_lines
from timbre.mixing import at_rate, mixed
from timbre.written_sound import delivered, write_sound

LONG_S = 20.0
"""From here on there is a bar of progress."""


@dataclass(frozen=True)
class CastPart:
    """A part and who plays it.

    Attributes:
        part: of the score
        name: to print
        instrument: model that plays
        preset: name of it, or None
    """

    part: Part
    name: str
    instrument: MelodyInstrument
    preset: str | None


@dataclass(frozen=True)
class PlayedPart:
    """A part made curves.

    Attributes:
        cast: part and player
        voices: in the order in which they begin
        tally: of its notes
        followed: is told every voice that is played
    """

    cast: CastPart
    voices: Sequence[VoiceCurves]
    tally: Tally
    followed: FollowedKnobs = field(default_factory=FollowedKnobs)


def render_melody(
    score: Score | None, given: argparse.Namespace, asked: AskedKnobs, channel: Channel = "mix"
) -> list[str]:
    """Render a score into `given.output`.

    Args:
        score: that was read; None: the notes are heard in `given.input`, a recording
        given: the options
        asked: of the knobs of all models
        channel: of the recording

    Returns:
        what is to be printed

    Raises:
        ValueError: nothing can be played, or a model cannot do what is asked
        OSError: the output cannot be written
    """
    loaded: dict[Path, MelodyInstrument] = {}
    if score is None:
        loaded[given.checkpoint] = melody_instrument(given.checkpoint)
        score = heard_phrase(given, loaded[given.checkpoint], channel)
    cast, remarks = _cast(score, given, loaded)
    for instrument in {id(each.instrument): each.instrument for each in cast}.values():
        knobs = {descriptor.name: descriptor for descriptor in instrument.model.encoder.each_descriptor()}
        asked.refuse_what_is_not_there(knobs, instrument.model.encoder.factors, instrument.name)
    parts = [_performed(each, given, asked) for each in cast]
    if not any(part.voices for part in parts):
        raise ValueError(f"{given.input} has no note that sounds: {' '.join(_tallies(parts, given.most)) or 'nothing'}")
    rate = max(each.instrument.model.clip.sample_rate for each in cast)
    with ExitStack() as inside:
        stems = [inside.enter_context(OnDisk(given.output.parent)) for _ in parts]
        made = inside.enter_context(OnDisk(given.output.parent))
        for stem, part in zip(stems, parts, strict=True):
            for block in at_rate(_sound(part, given), part.cast.instrument.model.clip.sample_rate, rate):
                stem.add(block)
        for block in mixed(stems):
            made.add(block)
        finished, lines = delivered(made, given.peak, "; the table is of before")
        write_sound(given.output, finished, rate, given.peak)
        if given.stems:
            gain = finished.gain if isinstance(finished, Scaled) else 1.0
            _write_stems(given, parts, [Scaled(stem, gain) for stem in stems], rate)
    said = [*score.remarks, *remarks, *_tallies(parts, given.most), *lines]
    if given.plot:
        from timbre.melody_picture import save_picture

        save_picture(parts, given.plot, str(given.input.name))
    first = f"{given.output}: {finished.n_samples / rate:.2f} s at {rate} Hz"
    return [first, *(row for line in said for row in wrapped(line)), *table_lines(parts)]


def _cast(
    score: Score, given: argparse.Namespace, loaded: dict[Path, MelodyInstrument]
) -> tuple[list[CastPart], list[str]]:
    """Who plays each part; drums are left out unless somebody is named for them."""
    choices = voice_choices(given)
    cast, n_drums, used = [], 0, set()
    for number, part in enumerate(score.parts, 1):
        choice = next((each for each in choices if answers_to(part, number, each.key)), None)
        used.add(choice)
        if choice is None and part.is_drums:
            n_drums += part.n_notes
            continue
        place = choice.place if choice and choice.place else given.checkpoint
        if place not in loaded:
            loaded[place] = melody_instrument(place)
        preset = choice.preset if choice else given.preset
        cast.append(CastPart(part, part.name or f"part {number}", loaded[place], preset))
    if unused := [each for each in choices if each not in used]:
        raise ValueError(f"{unused[0].written}: {given.input} has no such part: it has {_part_names(score)}.")
    if not cast:
        raise ValueError(
            f"{given.input} has notes on channel 10 only, MIDI's drums: --voice 10=MODEL plays them as pitches."
        )
    drums = f"{n_drums} notes on channel 10, MIDI's drums, left out: --voice 10=MODEL plays them as pitches."
    return cast, [drums] if n_drums else []


def _performed(cast: CastPart, given: argparse.Namespace, asked: AskedKnobs) -> PlayedPart:
    instrument = cast.instrument
    settings = player_settings(instrument, instrument.preset(cast.preset), asked, given.legato, given.most)
    octaves = octaves_asked(given.match, given.octave)
    if octaves is None:
        octaves = octaves_into(instrument.pitches, cast.part.pitches)
    hand = PlayerHand(MelodyPlayer(instrument.played, settings), 12 * octaves, instrument.pitches)
    perform(cast.part, hand, controller_map(instrument, mapped(given.map) if given.map else None, asked))
    return PlayedPart(cast, hand.player.finished, hand.tally)


def _sound(part: PlayedPart, given: argparse.Namespace) -> Iterator[Tensor]:
    """(n,) after (n,) of a part, in the room of its model."""
    instrument = part.cast.instrument
    exact = not given.open and can_be_exact(instrument.model)
    settings = PartSettings(instrument.model, instrument.preset(part.cast.preset), exact, given.seed)
    end_s = max((voice.start_s for voice in part.voices), default=0.0)
    with tqdm(total=len(part.voices), desc=part.cast.name, unit="note", leave=False, disable=_quiet(end_s)) as bar:

        def note(played: PlayedVoice) -> None:
            part.followed.add(played, instrument.model)
            bar.update()

        dry = dry_stretches(part.voices, settings, note)
        yield from dry if given.dry else in_room(instrument.model, dry)


def _quiet(end_s: float) -> bool | None:
    """Whether there is no bar; None leaves it to where the words go."""
    return None if end_s > LONG_S else True


def _tallies(parts: Sequence[PlayedPart], most: int) -> list[str]:
    several = len(parts) > 1
    return [
        f"{part.cast.name}: {line}" if several else line
        for part in parts
        for line in tally_sentences(part.tally, part.cast.instrument.pitches, most)
    ]


def _write_stems(given: argparse.Namespace, parts: Sequence[PlayedPart], stems: Sequence[Samples], rate: int) -> None:
    for number, (part, stem) in enumerate(zip(parts, stems, strict=True), 1):
        kept = "".join(letter if letter.isalnum() or letter in " -_" else "-" for letter in part.cast.name)[:40]
        write_sound(given.stems / f"{number:02d} {kept}.wav", stem, rate, given.peak)


def _part_names(score: Score) -> str:
    return ", ".join(
        f"{getattr(part, 'channel', number - 1) + 1}{f' ({part.name})' if part.name else ''}"
        for number, part in enumerate(score.parts, 1)
    )
