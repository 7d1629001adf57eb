"""Amp-Space, the same playing before and after many devices at many settings of their knobs."""

import hashlib
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from datamodules.amp_space.clips import Cutter
from datamodules.amp_space.lags import LagFile, PairLag, keep
from datamodules.amp_space.layout import SETTINGS, TABLE, read_layout, visible_files
from datamodules.amp_space.manifest import MANIFEST, DevicePair, broken, read_manifest, without_twins, write_manifest
from datamodules.amp_space.splits import split_pairs
from datamodules.clip_data_module import ClipDataModule
from datamodules.source import Heard, Source
from datamodules.splits import SPLITS
from synths.clip import ClipFormat

WORDS = "amp-space-words.json"
LAGS = "amp-space-lags.json"


class AmpSpace(ClipDataModule):
    """Amp-Space (Naradowsky 2021), or any pairs of a clean sound and what a device made of it.

    It reads the layout that the author's published generators write, and was not tested on the gated download. A file
    `ampspace.jsonl` in the root, a JSON object per pair, is read instead of everything else where there is one:
    `write_manifest` makes it, to inspect, to mend and to split otherwise. Without it every settings.yaml below the root
    is read, then what only a data.csv knows.

    A clip's `untouched` sound is the clean one at the same musical position; the pitch is heard on that. Labels:
    `knob_Gain` and so on, 0 to 1, NaN where the device has no such knob; device, device_type and data_type, the numbers
    of the words in `label_names`. Splits are by device. Hardware that models several devices is told apart by the
    folder of the sweep, because its settings do not say: two sweeps of one such device count as two devices.

    Args:
        clip: the format of the run
        root: the folder that holds the folders of brands
        device_types: only these, such as [pedal]; None is all
        data_types: only these, such as [simulation]; None is all
        devices: only these, such as [Fractal/FM3 ds1_distortion]; None is all
        dis: only these playings, by the name of their file without its ending; None is all
        lowest_voiced: clips of whose frames fewer than this share have a clear pitch are left out, such as chords
        skip_s: so much of the start of every output is left out, because it may hold the end of the one before
        shared: as for every data set, see ClipDataModule
    """

    def __init__(
        self,
        clip: ClipFormat,
        root: str,
        device_types: list[str] | None = None,
        data_types: list[str] | None = None,
        devices: list[str] | None = None,
        dis: list[str] | None = None,
        lowest_voiced: float = 0.5,
        skip_s: float = 0.1,
        **shared: Any,
    ) -> None:
        super().__init__(clip, root, **shared)
        self.device_types = device_types
        self.data_types = data_types
        self.devices = devices
        self.dis = dis
        self.lowest_voiced = lowest_voiced
        self.skip_s = skip_s
        self.label_names = self._known_words()
        self._cutter = Cutter(clip, Path(root), skip_s)
        self._pairs: dict[str, list[DevicePair]] | None = None
        self._found: dict[str, list[Source]] = {}

    def setup(self, stage: str | None = None) -> None:
        """Opens the splits the stage needs; raises ValueError if one has no usable clip."""
        self.label_names = self._known_words()
        super().setup(stage)

    def sources(self, split: str) -> list[Source]:
        """The clips of a split in order of pair and position; entries that are no pairs are listed under train.

        Raises:
            ValueError: if a filter names what is not there, or there are too few devices to split
            OSError: if the cache cannot be written
        """
        if split not in self._found:
            by_split = self._by_split()
            knobs = sorted({knob for pairs in by_split.values() for pair in pairs for knob in pair.knobs})
            lags = self._lags(by_split[split])
            self._found[split] = [
                source
                for pair in by_split[split]
                for source in self._cutter.clips(pair, self._labels(pair, knobs), lags.get(pair.id, PairLag(0)))
            ]
        return self._found[split]

    def listing_stamp(self, split: str) -> str:
        """Changes with what files there are and with what the listings among them say."""
        digest = hashlib.sha256()
        for path in visible_files(Path(self.root)):
            digest.update(f"{path}\n".encode())
            if path.name in (SETTINGS, TABLE, MANIFEST):
                status = path.stat()
                digest.update(f"{status.st_size} {status.st_mtime_ns}\n".encode())
        return digest.hexdigest()

    def objection(self, name: str, labels: Mapping[str, float], heard: Heard) -> str:
        """Chords and noise are left out: what is pitched here has one pitch."""
        if heard.voiced >= self.lowest_voiced:
            return ""
        return (
            f"Only {heard.voiced:.0%} of the untouched sound of {name} has one clear pitch, less than "
            f"data.lowest_voiced ({self.lowest_voiced:.0%})."
        )

    def write_manifest(self) -> dict[str, str]:
        """Writes the pairs of the layout that can be used into the root, with lags and splits; why others are left out.

        A lag that was not found and splits that cannot be chosen are left for a person to fill in. Only pairs that
        pass the filters are written.

        Returns:
            the reason by id of each pair that is left out

        Raises:
            ValueError: if there is a manifest already
        """
        path = Path(self.root) / MANIFEST
        if path.exists():
            raise ValueError(f"{path} is there already: move it away to have a new one made of the layout.")
        pairs = self._listed()
        problems = {pair.id: self._cutter.problem(pair) for pair in pairs}
        split_of, lags = dict[str, str](), self._lags(pairs)
        with suppress(ValueError):
            split_of = split_pairs([pair for pair in pairs if pair.device])
        usable = [replace(pair, split=split_of.get(pair.id, "")) for pair in pairs if not problems[pair.id]]
        unknown = {name for name, lag in lags.items() if lag.problem}
        lag_of = {name: None if name in unknown else lag.samples for name, lag in lags.items()}
        write_manifest(path, [replace(pair, lag_samples=lag_of[pair.id]) for pair in usable])
        return {name: problem for name, problem in problems.items() if problem}

    def _listed(self) -> list[DevicePair]:
        """The pairs that pass the filters and entries that are no pairs, in order of id."""
        root = Path(self.root)
        listed = without_twins(read_manifest(root / MANIFEST) if (root / MANIFEST).exists() else read_layout(root))
        pairs = [pair for pair in listed if pair.device]
        self._learn_words(pairs)
        return sorted(self._filtered(pairs) + [pair for pair in listed if not pair.device], key=lambda pair: pair.id)

    def _by_split(self) -> dict[str, list[DevicePair]]:
        if self._pairs is None:
            listed = self._listed()
            split_of = split_pairs([pair for pair in listed if pair.device])
            self._pairs = {
                split: [pair for pair in listed if split_of.get(pair.id, "train") == split] for split in SPLITS
            }
        return self._pairs

    def _filtered(self, pairs: list[DevicePair]) -> list[DevicePair]:
        """The pairs that every filter wants; raises ValueError if a filter names what no pair has."""
        for name, wanted, of in (
            ("device_types", self.device_types, lambda pair: pair.device_type),
            ("data_types", self.data_types, lambda pair: pair.data_type),
            ("devices", self.devices, lambda pair: pair.full_device),
            ("dis", self.dis, lambda pair: pair.di_id),
        ):
            there = {of(pair) for pair in pairs}
            if wanted is not None and (strange := set(wanted) - there):
                choices = ", ".join(sorted(there)) or "nothing"
                raise ValueError(f"data.{name} asks for {', '.join(sorted(strange))}, but here is only {choices}.")
            pairs = [pair for pair in pairs if wanted is None or of(pair) in wanted]
        return pairs

    def _lags(self, pairs: list[DevicePair]) -> dict[str, PairLag]:
        usable = [pair for pair in pairs if not self._cutter.problem(pair)]
        return LagFile(Path(self.cache) / LAGS, Path(self.root)).lags(usable)

    def _labels(self, pair: DevicePair, knobs: list[str]) -> dict[str, float]:
        """Positions of all knobs that any pair has, and the numbers of its words."""
        if not pair.device:
            return {}
        words = {label: float(self.label_names[label].index(word)) for label, word in _words(pair).items()}
        return {**{f"knob_{knob}": pair.knobs.get(knob, math.nan) for knob in knobs}, **words}

    def _learn_words(self, pairs: list[DevicePair]) -> None:
        """New words get the next numbers: those that clips were prepared with stay what they are."""
        names = self._known_words()
        for label in _words(broken("", "")):
            names.setdefault(label, [])
            names[label] += sorted({_words(pair)[label] for pair in pairs} - set(names[label]))
        self.label_names = names
        if names != self._known_words():
            keep(Path(self.cache) / WORDS, json.dumps(names, indent=1))

    def _known_words(self) -> dict[str, list[str]]:
        with suppress(OSError, ValueError, TypeError, RecursionError):
            return dict(json.loads((Path(self.cache) / WORDS).read_text()))
        return {}


def _words(pair: DevicePair) -> dict[str, str]:
    """The labels of a pair that are words."""
    return {"device": pair.full_device, "device_type": pair.device_type, "data_type": pair.data_type}
