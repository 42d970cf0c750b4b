#!/usr/bin/env bash
# check_names_test.sh CHECK_NAMES: that the script finds types and functions of one name, and nothing in a tree that is in order.
set -euo pipefail
check=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# add FILE NAMESPACE DEFINITION: a source with one definition in one namespace ("" is the unnamed one within sonde).
add() {
  mkdir -p "$(dirname "$tree/sonde/$1")"
  if [[ -n $2 ]]; then
    printf 'namespace %s {\n\n%s\n\n}  // namespace %s\n' "$2" "$3" "$2" >"$tree/sonde/$1"
  else
    printf 'namespace sonde {\nnamespace {\n\n%s\n\n}  // namespace\n}  // namespace sonde\n' "$3" >"$tree/sonde/$1"
  fi
}
# expect found|nothing WHAT, of the tree, which is empty again afterwards.
expect() {
  local answer found=nothing
  answer=$("$check" "$tree") || found=found
  if [[ $found != "$1" || ($1 == found && $answer != *"also defined in src/sonde/a/"*) ]]; then
    echo "$2: expected $1, the answer was: $answer"
    failures=$((failures + 1))
  fi
  rm -rf "$tree/sonde"
}

add a/one.h sonde 'struct Answer {};' && add b/two.h sonde 'struct Answer {};' && expect found 'two structs'
add a/one.h sonde 'class Answer final : public Base {};' && add b/two.cc sonde 'enum class Answer { yes };' && expect found 'of two kinds'
add a/one.h sonde::a 'struct Answer {};' && add b/two.h sonde::b 'struct Answer {};' && expect nothing 'in two namespaces'
add a/one.h sonde 'struct Answer {};' && add b/two.cc '' 'struct Answer {};' && expect nothing 'one of them unnamed'
add a/one.h sonde 'struct Answer;' && add b/two.h sonde 'struct Answer {};' && expect nothing 'one of them declared'
add a/one.h sonde 'struct Answer {};' && add b/two.cc sonde 'struct Answer::Impl {};' && expect nothing 'one within the other'
add a/one.h sonde 'inline int size(const Answer& a, int b = 1) {' && add b/two.cc sonde 'int size(const Answer& c, int d) {' && expect found 'two functions'
add a/one.h sonde 'inline int size(const Answer& a) {' && add b/two.cc sonde 'int size(const Answer* a) {' && expect nothing 'with other parameters'
add a/one.h sonde 'inline int size(const Answer& a) {' && add b/two.cc '' 'int size(const Answer& a) {' && expect nothing 'one function unnamed'
add a/one.h sonde $'inline int size(const Answer& a,\n                int b = 1) {' && add b/two.cc sonde 'int size(const Answer& c, int d) {' && expect found 'two functions, one on two lines'
add a/one.h sonde $'inline std::vector<Answer> all(\n    const Answer& a,  // the first\n    int b) {' && add b/two.cc sonde $'std::vector<Answer> all(const Answer& a,\n                        int b) {' && expect found 'two functions, both on more lines'
add a/one.h sonde $'inline int size(const Answer& a,\n                int b);' && add b/two.cc sonde $'int size(const Answer& a,\n         int b) {' && expect nothing 'one of them declared on two lines'
add a/one.h sonde $'void check(const Answer& a,\n           int b);\n\nstruct Answer {};' && add b/two.h sonde 'struct Answer {};' && expect found 'two structs, one behind a declaration of two lines'

exit $((failures > 0))
