#!/bin/sh
# Install the solver where all tasks of the node find it.
set -e
mkdir -p "$AZ_BATCH_NODE_SHARED_DIR/solver"
cp "$(dirname "$0")/quadrature.py" "$AZ_BATCH_NODE_SHARED_DIR/solver/"
