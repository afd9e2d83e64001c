# shellcheck shell=bash
# To be sourced: child COMMAND [ARG...] runs a command that does not outlive the script.
#
# A script that is told to end (SIGHUP, SIGINT or SIGTERM) while a program runs in its foreground dies alone, and the program goes on. So the command
# runs in the background, and the script waits. It stays in the script's process group and keeps its stdin: Ctrl-C, Ctrl-Z and a terminal work as in
# the foreground. A signal that the script ignores from its start, as SIGHUP under nohup, stays ignored, by the command as well.
#
# When the script is told to end, the command gets a SIGTERM and may take its time. What the command had started, and did not end itself, gets a
# SIGTERM then, and ten seconds later a SIGKILL. Out of reach is what had left it before, as a daemon does. The script ends with 128 plus the number
# of the first signal.

child_pid=''
child_told=''
child_signals=0
child_below=()

# Runs a command, or a function.
child() {
  local seen status
  child_pid='' child_told='' child_signals=0 child_below=()
  if ! { : <&0; } 2>/dev/null; then exec </dev/null; fi
  trap 'tell_child 1' HUP
  trap 'tell_child 2' INT
  trap 'tell_child 15' TERM
  # What runs in the background ignores these, unless it takes that back.
  if [[ $(type -t "$1") == function ]]; then
    (trap - INT QUIT; "$@") <&0 &
  else
    (trap - INT QUIT; exec "$@") <&0 &
  fi
  child_pid=$!
  if [[ -n $child_told ]]; then tell_child "$child_told"; fi
  # A signal ends the wait, and not the command.
  while true; do
    seen=$child_signals status=0
    wait "$child_pid" || status=$?
    if ((child_signals == seen)); then break; fi
  done
  child_pid=''
  if [[ -n $child_told ]]; then
    end_what_is_below
    exit $((128 + child_told))
  fi
  trap - HUP INT TERM
  return "$status"
}

tell_child() {
  child_told=${child_told:-$1}
  child_signals=$((child_signals + 1))
  if [[ -n $child_pid ]]; then
    remember_what_is_below
    kill -TERM "$child_pid" 2>/dev/null || true
  fi
}

# Sets parents and starts, by process: its parent; and when it began, which tells it from a later one with the same number.
look_at_processes() {
  local file line pid parent state start fields=()
  parents=() starts=()
  if [[ -r /proc/self/stat ]]; then
    for file in /proc/[0-9]*/stat; do
      line=''
      { IFS= read -r -d '' line <"$file"; } 2>/dev/null || true
      # The name comes first, in parentheses, and may contain anything.
      # shellcheck disable=SC2206 # words are what it is taken apart into
      fields=(${line##*) })
      pid=${file//[!0-9]/}
      if [[ ${fields[0]:-Z} != Z ]]; then
        parents[pid]=${fields[1]}
        starts[pid]=${fields[19]}
      fi
    done
  else
    while read -r pid parent state start; do
      if [[ $state != Z* ]]; then
        parents[pid]=$parent
        starts[pid]=$start
      fi
    done < <(ps -A -o pid=,ppid=,stat=,lstart=)
  fi
}

remember_what_is_below() {
  local pid more=yes known=" $child_pid " parents=() starts=()
  look_at_processes
  while [[ -n $more ]]; do
    more=''
    for pid in "${!parents[@]}"; do
      if [[ $known == *" ${parents[pid]} "* && $known != *" $pid "* ]]; then
        known+="$pid "
        child_below+=("$pid ${starts[pid]}")
        more=yes
      fi
    done
  done
}

end_what_is_below() {
  local pid each tries left parents=() starts=()
  for ((tries = 0; tries <= 100; tries++)); do
    look_at_processes
    left=''
    for each in ${child_below[@]+"${child_below[@]}"}; do
      pid=${each%% *}
      if [[ ${starts[pid]:-} == "${each#* }" ]]; then
        left=yes
        if ((tries == 0)); then kill -TERM "$pid" 2>/dev/null || true; fi
        if ((tries == 100)); then kill -KILL "$pid" 2>/dev/null || true; fi
      fi
    done
    if [[ -z $left ]]; then return; fi
    sleep 0.1
  done
}
