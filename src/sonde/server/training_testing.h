// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "sonde/server/trainings.h"
#include "sonde/weights/model_card.h"

namespace sonde {

// What stands for `sonde train` in tests: a script that says how far it is, and ends with a card and weights,
// which are to be in `folder`/model.safetensors. While there is a file `folder`/hold it stays before the
// first step; where there is one called `fail`, it ends with what that says.
inline std::vector<std::string> scripted_training(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const std::filesystem::path script = folder / "train.sh";
  std::ofstream(script) << R"(folder=$1
while [ $# -gt 0 ]; do
  case $1 in
    --out) out=$2 ;;
    --data) data=$2 ;;
    --steps) steps=$2 ;;
  esac
  shift
done
trap 'exit 143' TERM
mkdir -p "$out"
echo start >>"$folder/starts"
echo "note: from $data" >&2
if [ ! -f "$data/sonde.sqlite" ]; then echo "no project" >&2; exit 3; fi
echo '{"what":"pictures","done":1,"total":2}' >&2
while [ -e "$folder/hold" ]; do sleep 0.01; done
if [ -e "$folder/fail" ]; then cat "$folder/fail" >&2; exit 3; fi
for step in 1 2 "$steps"; do
  echo '{"what":"step","done":'"$step"',"total":'"$steps"',"loss":0.5,"iou":0.6,"validation_iou":0.7,"seconds_left":90}' >&2
done
cp "$folder/model.safetensors" "$out"
cp "$folder/card.json" "$out"
)";
  return {"/bin/sh", script.string(), folder.string()};
}

// Of weights that were tuned from `parent`, with figures that are better than before.
inline ModelCard scripted_card(const std::string& parent_sha256) {
  ModelCard card;
  card.name = "run";
  card.parent_sha256 = parent_sha256;
  card.tuned = "lora";
  const auto measure = [](double iou) {
    return CardMeasure{"test.sonde", "1 point", "card", 3, iou, iou - 0.1, iou + 0.1, 0.05};
  };
  card.test = {{measure(0.4), measure(0.7), 0.01}};
  card.guards = {{"box kept: IoU", 0.8, 0.7, 0.78, false}, {"gradient: relative error", 0, 1e-7, 1e-5, true}};
  card.notes = {"the test part has 3 objects: its figures say little"};
  return card;
}

}  // namespace sonde
