"""A support vector machine that is only asked, never trained: no library to compile."""

from io import BytesIO
from pathlib import Path

import numpy as np
from sklearn.datasets import load_svmlight_file
from sklearn.metrics.pairwise import rbf_kernel


class SupportVectors:
    """What a regression that was trained with libsvm answers: sum_i a_i exp(-gamma |x - s_i|^2) - rho.

    libsvm itself has no wheel for Linux and Macs (Chang & Lin 2011 describe both the sum and the file).

    Args:
        path: of the model, as libsvm writes it, with a radial basis function as its kernel
        n_features: length of what it is asked about
    """

    def __init__(self, path: Path, n_features: int) -> None:
        header, _, vectors = path.read_bytes().partition(b"\nSV\n")
        facts = dict(line.split(maxsplit=1) for line in header.decode().splitlines())
        self.gamma, self.rho = float(facts["gamma"]), float(facts["rho"])
        self.vectors, self.weights = load_svmlight_file(BytesIO(vectors), n_features=n_features, zero_based=False)

    def answer(self, features: np.ndarray) -> float:
        """(n_features,) -> one number."""
        likeness = rbf_kernel(features[None], self.vectors, gamma=self.gamma)
        return float(likeness[0] @ self.weights - self.rho)
