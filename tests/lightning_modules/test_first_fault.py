"""The first step and term that were not finite, by hand."""

import pytest
import torch

from lightning_modules.first_fault import FirstFault, weights_sentence

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


def test_weights_are_named():
    state = {"a": torch.ones(3), "n": torch.tensor(7), "is": torch.tensor(True)}
    assert weights_sentence(5, state) == "" == weights_sentence(5, {})
    state["b"] = torch.tensor([0.0, float("inf")])
    assert weights_sentence(5, state) == "after step 5 of training, the weights b were not finite"
