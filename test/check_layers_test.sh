#!/usr/bin/env bash
# check_layers_test.sh CHECK_LAYERS: that the script finds each kind of violation in a tree made for it, and nothing in a
# tree that is in order.
set -euo pipefail
check=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# write FILE INCLUDE: a source with one include, in an otherwise empty tree.
write() {
  rm -rf "$tree/sonde"
  add "$@"
}
add() {
  mkdir -p "$(dirname "$tree/sonde/$1")"
  printf '#pragma once\n#include %s\n' "$2" >"$tree/sonde/$1"
}
# expect_refused FILE: the answer must name it.
expect_refused() {
  local answer
  if answer=$("$check" "$tree") || [[ $answer != *"src/sonde/$1:2: "* ]]; then
    echo "not refused: $1 with $(tail -n 1 "$tree/sonde/$1"); the answer was: $answer"
    failures=$((failures + 1))
  fi
}
expect_allowed() {
  local answer
  if ! answer=$("$check" "$tree"); then
    echo "refused: $answer"
    failures=$((failures + 1))
  fi
}

write core/a.h '"sonde/imaging/picture.h"' && expect_refused core/a.h
write imaging/a.cc '"sonde/io/read.h"' && expect_refused imaging/a.cc
write model/a.cc '"sonde/imaging/picture.h"' && expect_refused model/a.cc
write weights/a.cc '"sonde/kernels/matrix.h"' && expect_refused weights/a.cc
write inference/a.cc '"sonde/io/read.h"' && expect_refused inference/a.cc
write inference/a.cc '"sonde/model/sam.h"' && expect_refused inference/a.cc
write model/a.cc '"sonde/inference/decoder.h"' && expect_refused model/a.cc
write predict/a.cc '"sonde/model/sam.h"' && expect_refused predict/a.cc
write cli/a.cc '"sonde/model/sam.h"' && expect_refused cli/a.cc
write evaluate/a_test.cc '"sonde/predict/predictor.h"' && expect_refused evaluate/a_test.cc
write imaging/a.cc '<gdcmImage.h>' && expect_refused imaging/a.cc
write predict/a.cc '<opencv2/imgproc.hpp>' && expect_refused predict/a.cc
write server/a_test.cc '<tiffio.h>' && expect_refused server/a_test.cc
write evaluate/a.cc '<opencv2/imgproc.hpp>' && expect_refused evaluate/a.cc
write io/a.cc '<opencv2/imgcodecs.hpp>' && expect_refused io/a.cc
write cli/a.cc '<torch/torch.h>' && expect_refused cli/a.cc
write predict/a.h '<ATen/Parallel.h>' && expect_refused predict/a.h
write predict/a.cc '<torch/torch.h>' && expect_refused predict/a.cc
write inference/a.cc '<hwy/highway.h>' && expect_refused inference/a.cc
write annotate/a.cc '<boost/beast.hpp>' && expect_refused annotate/a.cc
write server/a.cc '<SQLiteCpp/Database.h>' && expect_refused server/a.cc
write annotate/a.cc '"sonde/server/wire.h"' && expect_refused annotate/a.cc
write somewhere/a.cc '<vector>' && expect_refused somewhere/a.cc
write predict/a_testing.h '<torch/torch.h>' && add predict/a.cc '"sonde/predict/a_testing.h"' && expect_refused predict/a.cc

write io/a.cc '<gdcmImage.h>' && expect_allowed
write io/a.cc '<jpeglib.h>' && expect_allowed
write evaluate/a_test.cc '<opencv2/imgproc.hpp>' && expect_allowed
write model/a.h '<torch/torch.h>' && add predict/torch_network.cc '"sonde/model/a.h"' && expect_allowed
write predict/a_testing.h '<torch/torch.h>' && add predict/a_test.cc '"sonde/predict/a_testing.h"' && expect_allowed
write model/a_test.cc '"sonde/inference/decoder.h"' && expect_allowed
write cli/a.cc '"sonde/predict/predictor.h"' && expect_allowed
write server/a.cc '<boost/asio.hpp>' && add annotate/a.cc '<SQLiteCpp/Database.h>' && expect_allowed

exit $((failures > 0))
