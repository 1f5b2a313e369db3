#!/usr/bin/env bash
# The whole way on a small scale; called by `make train-demo`, which sets PYTHON, DATA and OUT.
set -euo pipefail
export PYTHON OMP_NUM_THREADS=1
cd "$(dirname "$0")/.."
CONFIG=configs/demo/dpmesh_demo.py
OPTIONS=(--cfg-options "data_root=$DATA")

say() { printf '\n== %s\n' "$1"; }

say "1/5 SynthOC: generated scenes with exact bodies"
"$PYTHON" tools/dataset_converters/make_synth_oc.py \
    --out "$DATA" --train 1000 --test 100 --seed 0 --workers 2
say "2/5 the initial weights, measured"
"$PYTHON" tools/test.py $CONFIG none \
    --work-dir "$OUT/untrained" --out "$OUT/untrained.json" "${OPTIONS[@]}"
say "3/5 training"
# Two processes of one thread each: the layers are too small for two threads to share one.
tools/dist_train.sh $CONFIG 2 --work-dir "$OUT" "${OPTIONS[@]}"
say "4/5 the trained weights, measured and drawn"
rm -rf "$OUT/pictures"
"$PYTHON" tools/test.py $CONFIG "$(cat "$OUT/last_checkpoint")" --work-dir "$OUT" \
    --out "$OUT/metrics.json" --show-dir "$OUT/pictures" --max-pictures 8 "${OPTIONS[@]}"
say "5/5 results"
"$PYTHON" tools/analysis_tools/contact_sheet.py "$OUT/pictures" --out "$OUT/overlays.png"
"$PYTHON" tools/analysis_tools/compare_results.py "$OUT/untrained.json" "$OUT/metrics.json"
echo "checkpoint:            $(cat "$OUT/last_checkpoint")"
echo "metrics and protocol:  $OUT/metrics.json (before training: $OUT/untrained.json)"
echo "pictures:              $OUT/overlays.png"
