#!/bin/sh
# Azure Batch from the command line: a pool, a job that installs a solver, an MPI task, and a look at all of it.
#
#     workflow.sh REPOSITORY [OPTION...]
#
# REPOSITORY is the git repository of the solver, with an install.sh. OPTION goes to every command: `--on ACCOUNT`.
set -eu
repository=${1:?the git repository of a solver is missing}
shift

# At most five nodes, which can talk to each other; two of them are there from the beginning. The pool may be there already.
runfleet pool show quadrature "$@" >/dev/null 2>&1 ||
    runfleet pool create quadrature --max-nodes 5 --min-nodes 2 --inter-node --yes "$@"

# Each node clones the repository and installs the solver, once for this job, before the first task of it there.
job=quadrature-$(date +%Y%m%d-%H%M%S)
runfleet job create "$job" --pool quadrature --prepare "git clone --quiet '$repository' solver && sh solver/install.sh" "$@"

# Two processes on each of two nodes. What they leave lands in a container, and the job ends with them.
runfleet task add "$job" pi 'python3 "$AZ_BATCH_NODE_SHARED_DIR/solver/quadrature.py"' \
    --nodes 2 --processes-per-node 2 --mpi mpich --output pi.txt --last "$@"

until runfleet check --no-fetch --json "$@" "$job" | grep -q '"finished": true'; do
    sleep 1
done

# How the tasks of every job have ended; and what those of finished jobs wrote, in logs/JOB/TASK/.
runfleet check "$@"
cat "logs/$job/pi/stdout.txt"
