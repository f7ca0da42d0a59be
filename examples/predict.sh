#!/bin/sh
# Reads a digit with curl:  examples/predict.sh seven.png [http://127.0.0.1:8000]
exec curl --fail-with-body --silent --show-error \
    --form "file=@\"${1:?Which image?}\"" "${2:-http://127.0.0.1:8000}/predict"
