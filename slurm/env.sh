# shellcheck shell=bash
# slurm/env.sh -- sourced by the job scripts: software, places, W&B's mode, and what happens when a job ends.
# What is set before sbatch is kept: TIMBRE_VENV, TIMBRE_RUNS, WANDB_MODE, NUMBA_CACHE_DIR, OMP_NUM_THREADS.

# The node's own disk, which the Alliance's clusters make and empty for every job.
if [[ -z ${SLURM_TMPDIR:-} ]]; then
    export SLURM_TMPDIR=${TMPDIR:-/tmp}/timbre-$SLURM_JOB_ID
    own_folder=$SLURM_TMPDIR
    srun --ntasks="$SLURM_NNODES" --ntasks-per-node=1 mkdir -p "$SLURM_TMPDIR"
fi

# shellcheck source=slurm/requeue.sh
source slurm/requeue.sh

leave() {
    local status=$?
    trap - EXIT
    requeue_if_stopped "$status" "$@" || status=$?
    [[ -z ${own_folder:-} ]] || rm -rf "$own_folder"
    exit "$status"
}
trap 'leave "$@"' EXIT

# On each node. The package is installed from a copy, or jobs that start together would write over each other's files
# in the checkout; its code is then read from the checkout all the same, where git tells its version.
build_environment() {
    virtualenv --quiet --no-download "$SLURM_TMPDIR/venv"
    "$SLURM_TMPDIR/venv/bin/pip" install --quiet --no-index -r slurm/requirements-alliance.txt
    "$SLURM_TMPDIR/venv/bin/pip" install --quiet --no-index --no-deps --find-links slurm/wheels -r requirements-visqol.lock
    mkdir "$SLURM_TMPDIR/source"
    cp -r pyproject.toml README.md LICENSE output synths projection sounds datamodules studies lightning_modules evaluation instrument turning timbre interpretsynth "$SLURM_TMPDIR/source"
    "$SLURM_TMPDIR/venv/bin/pip" install --quiet --no-index --no-deps --no-build-isolation "$SLURM_TMPDIR/source"
}

venv=${TIMBRE_VENV:-$PWD/.venv}
if type module &>/dev/null; then
    set +u
    module load StdEnv/2023 python/3.11
    set -u
    if [[ -z ${TIMBRE_VENV:-} && ${CC_CLUSTER:-} == trillium ]]; then
        venv=$HOME/timbre-venv  # nothing can be installed in a job there: made on the login node
    elif [[ -z ${TIMBRE_VENV:-} ]]; then
        venv=$SLURM_TMPDIR/venv
        srun --ntasks="$SLURM_NNODES" --ntasks-per-node=1 bash -euc "$(declare -f build_environment); build_environment"
    fi
fi
if [[ ! -x $venv/bin/timbre ]]; then
    echo "slurm/env.sh: there is no $venv/bin/timbre: make that environment, or set TIMBRE_VENV." >&2
    exit 2
fi
export PATH=$venv/bin:$PATH PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH}

# Runs stay when the job ends; caches need not, and HOME may be small or read-only.
runs=$PWD/runs
[[ -z ${SCRATCH:-} ]] || runs=$SCRATCH/timbre/runs
export TIMBRE_RUNS=${TIMBRE_RUNS:-$runs}
mkdir -p "$TIMBRE_RUNS"
export XDG_CACHE_HOME=$SLURM_TMPDIR/cache
export WANDB_CACHE_DIR=$XDG_CACHE_HOME WANDB_CONFIG_DIR=$XDG_CACHE_HOME/wandb-config
export MPLCONFIGDIR=$XDG_CACHE_HOME/matplotlib
export NUMBA_CACHE_DIR=${NUMBA_CACHE_DIR:-$XDG_CACHE_HOME/numba}

case ${CC_CLUSTER:-} in
    fir | nibi | killarney | vulcan) export WANDB_MODE=${WANDB_MODE:-online} ;;
    *) export WANDB_MODE=${WANDB_MODE:-offline} ;;
esac

export OMP_NUM_THREADS=${OMP_NUM_THREADS:-${SLURM_CPUS_PER_TASK:-1}}
export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1}  # srun does not take it over from the job
export MASTER_PORT=$((10000 + SLURM_JOB_ID % 20000))  # jobs may share a node
