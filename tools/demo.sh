#!/usr/bin/env bash
# The small DPMesh of this repository on people it has not seen; called by `make demo`, which sets
# PYTHON, DATA and OUT.
set -euo pipefail
export OMP_NUM_THREADS=1
cd "$(dirname "$0")/.."
CONFIG=configs/dpmesh_synth_oc_small.py
CHECKPOINT=checkpoints/dpmesh_synth_oc_small.pth

say() { printf '\n== %s\n' "$1"; }

say "1/3 SynthOC: generated scenes with exact bodies"
# The test scenes of a seed are the same whatever the number of training scenes is.
"$PYTHON" tools/dataset_converters/make_synth_oc.py \
    --out "$DATA" --train 0 --test 150 --seed 0 --workers 2
say "2/3 the trained model, measured and drawn"
rm -rf "$OUT/pictures"
"$PYTHON" tools/test.py "$CONFIG" "$CHECKPOINT" --work-dir "$OUT" --out "$OUT/metrics.json" \
    --show-dir "$OUT/pictures" --max-pictures 8 --cfg-options "data_root=$DATA"
say "3/3 results"
"$PYTHON" tools/analysis_tools/contact_sheet.py "$OUT/pictures" --out "$OUT/overlays.png"
"$PYTHON" tools/analysis_tools/compare_results.py "$OUT/metrics.json"
echo "metrics and protocol:  $OUT/metrics.json"
echo "pictures:              $OUT/overlays.png"
