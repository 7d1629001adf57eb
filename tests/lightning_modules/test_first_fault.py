"""The first step and term that were not finite, by hand."""

import pytest
import torch

from lightning_modules.first_fault import FirstFault, first_of_all, weights_sentence

FINE, INF, NAN = torch.tensor(1.0), torch.tensor(float("inf")), torch.tensor(float("nan"))


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], ""),
        ([(FINE, FINE), (FINE, FINE)], ""),
        ([(FINE, FINE), (FINE, NAN), (NAN, NAN)], "in step 2 of training, the term knobs was not finite"),
        ([(-INF, FINE)], "in step 1 of training, the term reconstruction was not finite"),
        ([(NAN, NAN), (FINE, FINE)], "in step 1 of training, the term reconstruction was not finite"),
    ],
)
def test_the_first_is_kept_until_somebody_asks(steps, said):
    fault = FirstFault()
    for step, (reconstruction, knobs) in enumerate(steps, 1):
        fault.note(step, {"reconstruction": reconstruction, "knobs": knobs.requires_grad_()})
    assert fault.sentence() == fault.sentence() == said


def _met(rank, folder, faults):
    torch.distributed.init_process_group("gloo", f"file://{folder}/store", rank=rank, world_size=len(faults))
    (folder / f"{rank}.txt").write_text(first_of_all(*faults[rank]))


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ([(8, "eighth"), (7, "seventh"), (1, "")], "seventh"),
        ([(3, ""), (4, "fourth")], "fourth"),
        ([(3, ""), (4, "")], ""),
    ],
)
def test_several_processes_say_what_came_first(tmp_path, faults, said):
    """Whoever met it, and whatever those say that met nothing, or met it later."""
    torch.multiprocessing.start_processes(_met, (tmp_path, faults), nprocs=len(faults), start_method="fork")
    assert [(tmp_path / f"{rank}.txt").read_text() for rank in range(len(faults))] == [said] * len(faults)


def test_weights_are_named():
    state = {"a": torch.ones(3), "n": torch.tensor(7), "is": torch.tensor(True)}
    assert weights_sentence(5, state) == "" == weights_sentence(5, {})
    state["b"] = torch.tensor([0.0, float("inf")])
    assert weights_sentence(5, state) == "after step 5 of training, the weights b were not finite"
