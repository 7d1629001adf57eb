"""Sounds, their qualities and the models that play them, from Python: `import interpretsynth as its`.

`its.turn` turns the knobs of a recording, `its.describe` reads its qualities, `its.load` gives the voice of a trained
model. Sounds are numpy arrays, (samples,) or (samples, channels), full scale 1. What cannot be done raises ValueError
with the sentence that the command line prints. See docs/python.md.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import version

    from interpretsynth.answered_sound import AnsweredSound, KnobOutcome
    from interpretsynth.described import DescribedQualities, Quality, describe
    from interpretsynth.turned import turn
    from interpretsynth.voice import ModelVoice, VoiceKnob, load

    __version__ = version("interpretsynth")

_MODULES = {
    "AnsweredSound": "answered_sound",
    "KnobOutcome": "answered_sound",
    "DescribedQualities": "described",
    "Quality": "described",
    "describe": "described",
    "turn": "turned",
    "ModelVoice": "voice",
    "VoiceKnob": "voice",
    "load": "voice",
}

__all__ = [
    "AnsweredSound",
    "DescribedQualities",
    "KnobOutcome",
    "ModelVoice",
    "Quality",
    "VoiceKnob",
    "__version__",
    "describe",
    "load",
    "turn",
]


def __getattr__(name: str) -> Any:
    """What is exported, imported when it is first used: torch and lightning take seconds."""
    if name == "__version__":
        from importlib.metadata import version

        return version("interpretsynth")
    if name not in _MODULES:
        raise AttributeError(f"interpretsynth has no '{name}': it has {', '.join(__all__)}")
    return getattr(import_module(f"interpretsynth.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
