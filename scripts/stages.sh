# shellcheck shell=bash
# What a script spends its time on: stages, and a table of their seconds. Sourced, after common.sh.

stages_file=build/stages.txt
running_stage='' stage_began=0 beside_jobs=()

# The table is printed at the end, and where a stage fails as far as it goes.
begin_stages() {
  mkdir -p build
  rm -f build/beside.*
  : >"$stages_file"
  SECONDS=0
  trap end_stages EXIT
}

end_stages() {
  trap - EXIT
  note_what_failed
  local job
  for job in "${beside_jobs[@]}"; do kill -- "-$job" 2>/dev/null || true; done
  ((${#beside_jobs[@]} == 0)) || cat build/beside.*
  note_stage "$SECONDS" "altogether"
  say "seconds of each stage"
  cat "$stages_file"
}

# stage NAME COMMAND...
stage() {
  running_stage=$1 stage_began=$SECONDS
  say "$1"
  "${@:2}"
  note_stage "$((SECONDS - stage_began))" "$1"
  running_stage=''
}

note_stage() { printf '%6d  %s\n' "$@" >>"$stages_file"; }
note_what_failed() { [[ -z $running_stage ]] || note_stage "$((SECONDS - stage_began))" "$running_stage: not done"; }

# beside FUNCTION: runs a function of stages while the script goes on; join_beside waits for all that were started and
# prints what they said.
beside() {
  set -m # a process group of its own, to be ended as one
  (
    trap note_what_failed EXIT
    "$@"
  ) >"build/beside.${#beside_jobs[@]}" 2>&1 &
  set +m
  beside_jobs+=($!)
}

join_beside() {
  local job failed=0
  for job in "${beside_jobs[@]}"; do
    wait "$job" || failed=1
  done
  cat build/beside.*
  beside_jobs=()
  return "$failed"
}

# in_the_gaps COMMAND...: with what others leave of the cores.
in_the_gaps() {
  (
    renice --priority 15 "$BASHPID" >/dev/null
    "$@"
  )
}
