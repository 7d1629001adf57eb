"""Where another recording has its knobs."""

from collections.abc import Collection, Sequence

from sounds.headers import UnusableAudio
from turning.knobs import BY_BENDING, PITCHED, UNPITCHED, offered
from turning.listened import Listened
from turning.sound_in import SoundIn


def readings_of(
    other: SoundIn, has_pitch: bool, wanted: Sequence[str], except_for: Collection[str] = ()
) -> dict[str, tuple[float, str]]:
    """Mean readings of another sound, each with its unit.

    Args:
        other: the sound
        has_pitch: whether the sound that is to be like it has a pitch
        wanted: names of knobs; none means all that hold
        except_for: knobs that are not wanted then

    Raises:
        UnusableAudio: it cannot be used, or lacks the pitch that a knob needs
        ValueError: there is no such knob
    """
    listened = Listened(other)
    kinds, own = offered(has_pitch), PITCHED if has_pitch else UNPITCHED
    for name in wanted:
        if name in [kind.name for kind in BY_BENDING] or name not in kinds:
            raise ValueError(f"--match {name}: there is no such knob: choose one of {', '.join(kinds)}.")
    names = list(wanted) or [kind.name for kind in own if kind.name not in except_for]
    if not listened.has_pitch and (pitched := [name for name in names if kinds[name].needs_pitch]):
        raise UnusableAudio(
            f"{other.label} has no pitch ({listened.why_no_pitch}), and {pitched[0]} needs one: name others with "
            "--match."
        )
    chosen = [kinds[name] for name in names]
    means = listened.mean(listened.readings(chosen))
    knobs = [kind(listened.clip(1)) for kind in chosen]
    return {knob.name: (float(knob.value_at(mean)), knob.unit) for knob, mean in zip(knobs, means, strict=True)}
