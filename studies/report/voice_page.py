"""One page about a voice: a phrase, as it is given and as the voice plays it, and a slider for each knob."""

from collections.abc import Sequence
from pathlib import Path

from output.pages import rendered
from output.whole_files import write_text
from studies.comparison.sounds import sound_url
from studies.report.sliders import shown_notes
from studies.run_folder import RunFolder
from studies.run_sounds import Slider

TEMPLATE = Path(__file__).with_name("voice.html")


def write_voice_page(
    folder: Path,
    name: str,
    given: Path,
    played: Path,
    sliders: Sequence[Slider],
    next_commands: Sequence[str],
    n_missing: int = 0,
) -> Path:
    """Write report.html into a folder whose sliders/ holds the sounds of one phrase.

    Args:
        folder: of the page
        name: of the voice
        given, played: the phrase before and after, WAV
        sliders: its knobs, turned
        next_commands: what one does next
        n_missing: knobs that are still being turned
    """
    run = RunFolder(folder)
    (note,) = shown_notes(run, sliders)
    sounds = {"given": sound_url(given), "played": sound_url(played)}
    words = {"name": name, "note": note, "next_commands": next_commands, "n_missing": n_missing}
    write_text(run.report, rendered(TEMPLATE, **words, **sounds))
    return run.report
