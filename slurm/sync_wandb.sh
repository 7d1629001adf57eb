#!/bin/bash
# slurm/sync_wandb.sh -- on a login node: send what jobs without internet logged to W&B.
#   bash slurm/sync_wandb.sh [RUNS]        RUNS: $TIMBRE_RUNS, or $SCRATCH/timbre/runs, or runs
# Its wandb is in a virtual environment of its own, $TIMBRE_SYNC_VENV, made at the first call. Log in once: wandb login
set -euo pipefail
runs=${1:-${TIMBRE_RUNS:-${SCRATCH:+$SCRATCH/timbre/}runs}}
venv=${TIMBRE_SYNC_VENV:-$HOME/wandb-sync}
[[ -d $runs ]] || { echo "sync_wandb.sh: there is no folder $runs: name the one that holds the runs." >&2; exit 2; }
if [[ ! -x $venv/bin/wandb ]]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet "wandb>=0.31"
fi

version=$("$venv/bin/python" -c 'import wandb; print(wandb.__version__)')
if [[ $(printf '%s\n' 0.31 "$version" | sort --version-sort | head -n 1) != 0.31 ]]; then
    echo "sync_wandb.sh: wandb $version writes a run's later parts over its first: $venv/bin/pip install -U wandb" >&2
    exit 2
fi

# A run has a part per start; their names begin with the date. All in one call: wandb sends them in that order.
failed=0
while read -r folder; do
    # A start that was killed early logged nothing; its part would stop the others of the call.
    mapfile -t parts < <(find "$folder" -mindepth 2 -maxdepth 2 -name '*.wandb' -size +7c -printf '%h\n' | sort)
    echo "${folder%/wandb}: ${#parts[@]} parts"
    ((${#parts[@]})) || continue
    "$venv/bin/wandb" sync --yes "${parts[@]}" || { echo "sync_wandb.sh: not sent: ${folder%/wandb}" >&2; failed=1; }
done < <(find "$runs" -type d -path '*/wandb/offline-run-*' -prune -printf '%h\n' | sort --unique)
exit "$failed"
