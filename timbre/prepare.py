"""`timbre prepare`: bring the shards up to date, and say what there is."""

from datamodules import AmpSpace, ClipDataModule, Slice
from timbre.experiment import experiment_of


def run(verb: str, args: list[str]) -> None:
    """Prepare the data of an experiment."""
    experiment = experiment_of(verb, args)
    data = experiment.datamodule
    if experiment.config.manifest:
        _write_manifest(data)
        return
    work = Slice.parse(experiment.config.slice)
    data.prepare_data(work, listed_anew=True)
    print(data.prepare_report())
    _refuse_nothing(data)
    if work.of > 1:
        print(f"Slice {work.number} of {work.of} is done; the last one to finish completes the shards.")
    if experiment.config.verify:
        damaged = data.damaged()
        if damaged:
            raise ValueError(f"{', '.join(damaged)} changed since written: delete them and run timbre prepare again.")
        print("Every shard is as it was written.")


def _refuse_nothing(data: ClipDataModule) -> None:
    """Raises ValueError if every split that is prepared is empty."""
    found = [summary for summary in data.summary().values() if summary is not None]
    if found and not any(summary.n_usable for summary in found):
        reasons = [reason for summary in found for reason in summary.skipped.values()]
        raise ValueError(f"none of the {len(reasons)} clips in {data.root} can be used; the first: {reasons[0]}")


def _write_manifest(data: ClipDataModule) -> None:
    if not isinstance(data, AmpSpace):
        raise ValueError(f"--manifest is for pairs: {type(data).__name__} has none, data.AmpSpace does.")
    for name, reason in data.write_manifest().items():
        print(f"left out {name}: {reason}")
    print(f"Written: {data.root}/ampspace.jsonl. Mend lags, splits and rows in it, then run timbre prepare.")
