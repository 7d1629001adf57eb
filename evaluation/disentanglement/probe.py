"""Fresh regressions, each a different way to read a descriptor out of an array, judged on notes they never heard."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale
from threadpoolctl import threadpool_limits

N_FOLDS = 5


def best_held_out_prediction(inputs: np.ndarray, factors: np.ndarray, groups: np.ndarray, seed: int = 0) -> np.ndarray:
    """Inputs (n, D) and factors (n, J) of rows in notes `groups` (n,) -> (n, J) what the best probe makes of each row.

    Probes are trained on four fifths of the notes and predict the last fifth, in turn. For each factor the probe with
    the highest R2 counts. Predictions are of the factors in standard units.

    Raises:
        ValueError: if there are fewer notes than folds
    """
    targets = scale(factors)
    folds = GroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    predictions = np.stack([_predictions(probe, inputs, targets, folds, groups) for probe in _probes(seed)])
    r_squared = [r2_score(targets, prediction, multioutput="raw_values") for prediction in predictions]
    return predictions[np.argmax(r_squared, axis=0), :, np.arange(targets.shape[1])].T


def _probes(seed: int) -> list[BaseEstimator]:
    """A line; a network, for what is folded or mixed over many inputs; trees, for what is jagged in few of them."""
    network = MLPRegressor(
        hidden_layer_sizes=(64, 64), alpha=1.0, learning_rate_init=0.003, max_iter=40, random_state=seed
    )
    # Early stopping would judge by frames of the training notes, so that the number of rounds is fixed instead.
    trees = HistGradientBoostingRegressor(max_iter=60, max_leaf_nodes=15, early_stopping=False, random_state=seed)
    return [
        make_pipeline(StandardScaler(), Ridge(alpha=10.0)),
        make_pipeline(StandardScaler(), network),
        MultiOutputRegressor(trees),
    ]


def _predictions(
    probe: BaseEstimator, inputs: np.ndarray, targets: np.ndarray, folds: GroupKFold, groups: np.ndarray
) -> np.ndarray:
    """One probe -> its (n, J) predictions, each made by the copy that has not seen the note."""
    # So little work is slower on several threads, and a hundred times slower where they wait for a busy core.
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        # The network stops after a fixed number of rounds on purpose, and a single factor is a column like others.
        for expected in (ConvergenceWarning, DataConversionWarning):
            warnings.simplefilter("ignore", expected)
        return cross_val_predict(probe, inputs, targets, groups=groups, cv=folds).reshape(targets.shape)
