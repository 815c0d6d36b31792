#!/usr/bin/env bash
# Measures maitred beside its peers on this machine, and prints how many times faster it is.
#
#   ./bench.sh                    parts, search, faces in view; with model files, films too
#   ./bench.sh --quick            fewer repetitions
#   ./bench.sh --film F [--truth T.json --known DIR]    a film of your own
#
# Model files come from $MAITRED_MODELS (default ../shared/models), films from $MAITRED_SHARED.
# Writes build/bench/bench.json. Installs what it needs besides ./test.sh; OpenBLAS, which the dlib
# peer is to have, is unpacked beside it and not made the system's.
set -euo pipefail
cd "$(dirname "$0")"

echo "==> Packages"
.ci/install.sh build
missing=()
for package in libbenchmark-dev libfaiss-dev libgfortran5; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2> /dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
    -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${missing[@]}" > /dev/null
fi
blas=build/bench/openblas
if [ ! -d "$blas" ]; then
  mkdir -p build/bench/download
  (cd build/bench/download && apt-get download -qq libopenblas0-serial)
  dpkg-deb -x build/bench/download/libopenblas0-serial_*.deb "$blas"
fi

echo "==> Build"
cmake -G Ninja -B build/bench -S . -DCMAKE_BUILD_TYPE=Release -DMAITRED_UNITY=ON \
  -DMAITRED_BENCH=ON > build/bench/configure.log
cmake --build build/bench --target bench-parts bench-pipeline

echo "==> Measure"
exec python3 -B tests/bench/bench.py --bin build/bench/bin --out build/bench/bench.json \
  --blas "$PWD/$blas/usr/lib/$(uname -m)-linux-gnu/openblas-serial" "$@"
