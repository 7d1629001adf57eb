"""The sum of a support vector machine, from the file that libsvm writes."""

import math

import numpy as np
import pytest

from evaluation.resynthesis.support_vectors import SupportVectors

MODEL = b"""svm_type nu_svr
kernel_type rbf
gamma 0.5
nr_class 2
total_sv 2
rho -3
SV
2 1:1 3:2 
-0.25 2:1 
"""


def test_the_answer_is_the_sum_over_the_vectors(tmp_path):
    (tmp_path / "model.txt").write_bytes(MODEL)
    answer = SupportVectors(tmp_path / "model.txt", 3).answer(np.array([1.0, 1.0, 0.0]))
    # From (1, 0, 2) it is 1 and 4 away, squared; from (0, 1, 0) it is 1.
    assert answer == pytest.approx(2 * math.exp(-0.5 * 5) - 0.25 * math.exp(-0.5 * 1) + 3, rel=1e-12)
