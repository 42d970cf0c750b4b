#!/usr/bin/env bash
# check_words_test.sh CHECK_WORDS: that the script finds words that the glossary replaces, and nothing in plain English.
set -euo pipefail
check=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir "$tree/src"
failures=0

# expect found|nothing TEXT
expect() {
  local answer found=nothing
  printf '%s\n' "$2" >"$tree/src/a.cc"
  answer=$("$check" "$tree") || found=found
  if [[ $found != "$1" ]]; then
    echo "$2: expected $1, the answer was: $answer"
    failures=$((failures + 1))
  fi
}

expect found 'constexpr int kMostFiles = 3;'
expect found 'constexpr int kLeast = 3;'
expect found 'ImageDesk desk;'
expect found 'fail("a.dcm is no DICOM file");'
expect found '// those that are no numbers'
expect nothing 'constexpr int kMaxFiles = 3;'
expect nothing 'fail("there is no such file");'
expect nothing '// it is no longer there, and is not a file'

exit $((failures > 0))
