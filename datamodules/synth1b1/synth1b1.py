"""Synth1B1, a billion sounds of a synthesiser whose 78 parameters are known."""

from collections.abc import Mapping
from typing import Any, Literal

from torch.utils.data import Dataset

from datamodules.clip_data_module import ClipDataModule
from datamodules.preparation.preparation import Slice
from datamodules.source import Heard, Source
from datamodules.synth1b1.live import LiveSynth1B1
from datamodules.synth1b1.notes import CLEAN, NOT_SILENT, PITCHED, CleanNote
from datamodules.synth1b1.scan import Scan
from datamodules.synth1b1.sound import LabelRow, sounds_by_id
from datamodules.synth1b1.voice import voice_of_process
from synths.clip import Clip, ClipFormat

N_CORPUS = 10**9


class Synth1B1(ClipDataModule):
    """Sounds of synth1B1 (Turian et al. 2021), rendered with torchsynth to the bit as its authors define them.

    Training sounds have ids the authors call train, validation and test sounds different ids they call test. Labels:
    the 78 parameters, 0 to 1, by module and name, such as `vco_2.shape`. Pitch is that of the dominant oscillator,
    from the synthesiser itself.

    Args:
        clip: the format of the run
        root: folder of what is kept, made if it does not exist
        n_train: training sounds
        n_valid: validation sounds
        n_test: test sounds
        first_id: sounds of the corpus before this id are left out
        mode: full, the corpus as it is but for silence, mostly inharmonic; filtered, the sounds of the corpus that are
            clean notes, about one in 27; pitched, a variant of the corpus, not the corpus: one harmonic oscillator of
            constant pitch (four parameters frozen), MIDI 36 to 96, audible for half a second or more
        notes: what a clean note is, for the filtered mode
        render: shards renders every sound once, when it is prepared; on_the_fly renders training sounds whenever they
            are needed, so that n_train costs no space
        shared: as for every data set, see ClipDataModule
    """

    def __init__(
        self,
        clip: ClipFormat,
        root: str = "data/synth1b1",
        n_train: int = 400,
        n_valid: int = 40,
        n_test: int = 40,
        first_id: int = 0,
        mode: Literal["full", "filtered", "pitched"] = "pitched",
        notes: CleanNote = CLEAN,
        render: Literal["shards", "on_the_fly"] = "shards",
        **shared: Any,
    ) -> None:
        super().__init__(clip, root, **shared)
        if not 0 <= first_id < N_CORPUS:
            raise ValueError(f"data.first_id is {first_id}: the corpus has the ids 0 to {N_CORPUS - 1}.")
        self.n_sounds = {"train": n_train, "valid": n_valid, "test": n_test}
        self.first_id = first_id
        self.pitched = mode == "pitched"
        self.render = render
        rule = {"full": NOT_SILENT, "filtered": notes, "pitched": PITCHED}[mode]
        self.scan = Scan(self.cache, self.pitched, rule, clip)

    def prepare_data(self, work: Slice = Slice(), listed_anew: bool = False) -> None:
        """Renders the sounds that are not in the shards yet; chooses those that are rendered on the fly."""
        super().prepare_data(work, listed_anew)
        if "train" in self.needed_splits() and not self.in_shards("train"):
            self.ids("train")

    def sources(self, split: str) -> list[Source]:
        """The first sounds of the split that are wanted, in order of id."""
        ids, voice = self.ids(split), voice_of_process(self.pitched)
        columns = {name: column for column, name in enumerate(voice.parameter_names)}
        sounds = sounds_by_id(ids, self.pitched)
        return [
            Source(sound.name, sound, LabelRow(columns, values))
            for sound, values in zip(sounds, voice.parameters(ids), strict=True)
        ]

    def ids(self, split: str) -> list[int]:
        """Which sounds of the corpus the split has; OSError if what is chosen cannot be noted in the cache."""
        return self.scan.ids(split, self.n_sounds[split], self.first_id)

    def listing_stamp(self, split: str) -> str:
        """Changes with the choice and with the version of the synthesiser."""
        return f"{self.scan.stamp()}, {self.n_sounds[split]} from {self.first_id}"

    def remark(self, name: str, labels: Mapping[str, float], heard: Heard) -> str:
        """Sounds of the full corpus need not have a pitch."""
        return "" if heard.voiced else "sounds without a clear pitch"

    def in_shards(self, split: str) -> bool:
        """Validation and test sounds are always prepared."""
        return self.render == "shards" or split != "train"

    def dataset(self, split: str) -> Dataset[Clip]:
        """The clips of a split; ValueError if it has none."""
        if self.in_shards(split):
            return super().dataset(split)
        return LiveSynth1B1(self.clip, self.ids(split), self.pitched)

    def check_root(self) -> None:
        """Accept any root: sounds are computed, not read."""
