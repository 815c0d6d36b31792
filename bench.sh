#!/usr/bin/env bash
# Measures maitred beside its peers on this machine, and prints how many times faster it is.
#
#   ./bench.sh                    parts, search, faces in view; with model files, films and live runs too
#   ./bench.sh --quick            fewer repetitions
#   ./bench.sh --film F [--truth T.json --known DIR]    a film of your own
#   ./bench.sh --help             more
#
# Model files come from $MAITRED_MODELS (default ../shared/models), films from $MAITRED_SHARED; what
# they are missing for is told and left out. Writes build/bench/bench.json.
set -euo pipefail
cd "$(dirname "$0")"

echo "==> Packages"
.ci/install.sh bench

# The dlib peer is to have OpenBLAS. Installed, it would become the system's BLAS, maitred's too.
blas=build/bench/openblas
if [ ! -d "$blas" ]; then
  echo "Unpacking libopenblas0-serial of Debian into $blas, for the dlib peer alone"
  mkdir -p build/bench/download
  if (cd build/bench/download && apt-get download -qq libopenblas0-serial); then
    dpkg-deb -x build/bench/download/libopenblas0-serial_*.deb "$blas"
  else
    echo "It cannot be had: dlib runs with the system's BLAS, and is slower for it"
  fi
fi

echo "==> Build"
mkdir -p build/bench
cmake -G Ninja -B build/bench -S . -DCMAKE_BUILD_TYPE=Release -DMAITRED_UNITY=ON \
  -DMAITRED_BENCH=ON > build/bench/configure.log
cmake --build build/bench --target bench-all

echo "==> Measure"
exec python3 -B tests/bench/bench.py --bin build/bench/bin --out build/bench/bench.json \
  --blas "$PWD/$blas/usr/lib/$(uname -m)-linux-gnu/openblas-serial" "$@"
