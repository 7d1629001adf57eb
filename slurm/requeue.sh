# shellcheck shell=bash
# slurm/requeue.sh -- sourced by env.sh: a job that was stopped early queues itself again, at most MAX_RESTARTS times.
# timbre, stopped by a signal, saves its state and writes the marker $TIMBRE_REQUEUE if it wants to go on.
export TIMBRE_REQUEUE=$SLURM_TMPDIR/requeue
rm -f "$TIMBRE_REQUEUE"

requeue_if_stopped() {  # exit status of the script, arguments of the script
    local status=$1 job=$SLURM_JOB_ID restarts=$((${TIMBRE_RESTARTS:-0} + ${SLURM_RESTART_COUNT:-0}))
    # 138: SIGUSR1 came before Python could listen to it.
    [[ -e $TIMBRE_REQUEUE || $status == 138 ]] || return "$status"
    # A task's own number may be that of its whole array.
    [[ -z ${SLURM_ARRAY_TASK_ID:-} ]] || job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
    # Slurm is ending the job itself: it was cancelled, or ran out of time, or makes room and will start it again.
    [[ $(squeue --noheader --format=%T --job "$job") != COMPLETING ]] || return "$status"
    if ((restarts >= ${MAX_RESTARTS:-20})); then
        echo "Stopped after $restarts restarts, which is MAX_RESTARTS: submit it again to go on." >&2
        return 1
    fi
    echo "Stopped early: queued again, restart $((restarts + 1)) of at most ${MAX_RESTARTS:-20}."
    scontrol requeue "$job" || resubmit "$job" "$((restarts + 1))" "${@:2}"
}

resubmit() {  # job, restarts, arguments of the script: where requeueing is refused. The script's own lines say the rest
    local options=(--job-name="$SLURM_JOB_NAME" --time="$(squeue --noheader --format=%l --job "$1")")
    options+=(--nodes="$SLURM_NNODES" ${SLURM_JOB_ACCOUNT:+--account="$SLURM_JOB_ACCOUNT"})
    options+=(${SLURM_GPUS_PER_NODE:+--gpus-per-node="$SLURM_GPUS_PER_NODE"})
    options+=(${SLURM_NTASKS_PER_NODE:+--ntasks-per-node="$SLURM_NTASKS_PER_NODE"})
    options+=(${SLURM_CPUS_PER_TASK:+--cpus-per-task="$SLURM_CPUS_PER_TASK"})
    options+=(${SLURM_MEM_PER_NODE:+--mem="$SLURM_MEM_PER_NODE"} ${SLURM_ARRAY_TASK_ID:+--array="$SLURM_ARRAY_TASK_ID"})
    # The new job is not to take the old one's folder and count for its own.
    [[ -z ${own_folder:-} ]] || unset SLURM_TMPDIR
    unset SLURM_RESTART_COUNT
    TIMBRE_RESTARTS=$2 sbatch "${options[@]}" "$0" "${@:3}"
}
