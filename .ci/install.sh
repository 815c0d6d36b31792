#!/usr/bin/env bash
# Installs the Debian 12 packages that are missing; does nothing, and needs no root, when none is.
#
#   .ci/install.sh build    what it takes to build and run maitred
#   .ci/install.sh test     and to test it
#   .ci/install.sh bench    what ./bench.sh measures with, besides `build`
#   .ci/install.sh list     prints what is for `build` and `test`
set -euo pipefail

build_packages=(
  # tools
  cmake ninja-build ccache g++ mold pkg-config git python3 ca-certificates
  # the core
  libsqlite3-dev libsodium-dev libssl-dev libboost-dev libcurl4-openssl-dev libbz2-dev
  libspdlog-dev libfmt-dev nlohmann-json3-dev libtomlplusplus-dev libcli11-dev libexpected-dev
  libpaho-mqttpp-dev libpaho-mqtt-dev libsystemd-dev libarchive-dev
  # the eye; libdlib-dev asks for BLAS and LAPACK without depending on them
  libopencv-dev libdlib-dev libdlib-data libblas-dev liblapack-dev libdnnl-dev libonnx-dev
  libprotobuf-dev protobuf-compiler libpugixml-dev libseccomp-dev
)
test_packages=(
  libgtest-dev libgmock-dev binutils procps mosquitto mosquitto-clients clang-format
  # what the documents' commands use
  curl jq openssl
  # the package, its pages, and what the units allow
  dpkg-dev file groff-base strace systemd faketime
)

# The peers; libgfortran5 is for the OpenBLAS that ./bench.sh unpacks for dlib.
bench_packages=(libbenchmark-dev libfaiss-dev libgfortran5)

# The staff web page is tested in a browser where npm can bring what drives it.
if command -v node > /dev/null && command -v npm > /dev/null; then
  test_packages+=(chromium)
fi

case "${1:-}" in
  build) wanted=("${build_packages[@]}") ;;
  test) wanted=("${build_packages[@]}" "${test_packages[@]}") ;;
  bench) wanted=("${build_packages[@]}" "${bench_packages[@]}") ;;
  list)
    printf '%s\n' "${build_packages[@]}" "${test_packages[@]}"
    exit 0
    ;;
  *)
    echo "usage: $0 build|test|bench|list" >&2
    exit 2
    ;;
esac

if ! command -v apt-get > /dev/null; then
  echo "This is not Debian; packages with these names or their likes are needed: ${wanted[*]}"
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2> /dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "All ${#wanted[@]} Debian packages are installed."
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo > /dev/null; then
    echo "Missing packages: ${missing[*]}" >&2
    echo "Run this as root, or install sudo, or have them installed with apt-get." >&2
    exit 3
  fi
  as_root=(sudo)
fi
echo "Installing ${#missing[@]} Debian packages: ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0
  -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run() {
  if ! "$@" > "$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "Failed: $*" >&2
    exit 3
  fi
}
run "${apt[@]}" update
run "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
echo "Installed."
