#!/usr/bin/env bash
# From a clone to an alert: installs what is missing, builds, gets models, enrols a made-up
# customer, plays a film of made-up people walking up to the camera through the real daemon, and
# prints the alert that a staff client received over TCP.
#
#   ./quickstart.sh                          the above; again at any time
#   ./quickstart.sh --source /dev/video0     your own camera instead (device, rtsp://…, http://…,
#                                            a video file); runs until you press Ctrl-C
#   ./quickstart.sh --keep                   leaves the scratch folder there to look at
#
# MAITRED_MODELS=DIR takes model files from a folder instead of downloading them.
# Exit status: 0 the alert came, 1 it did not, 2 bad usage, 3 the box is not ready.
set -euo pipefail
cd "$(dirname "$0")"

root=$PWD
bin=$root/build/release/bin
work=$root/build/quickstart      # models stay here from run to run
drawn=$work/drawn                # so do the drawn people
scratch=$work/run
source_of_camera=
keep=no
pids=()

usage() { sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; }
heading() { printf '\n==> %s\n' "$*"; }
fail() {
  local status=$1
  shift
  printf '\nquickstart: %s\n' "$*" >&2
  exit "$status"
}

while [ $# -gt 0 ]; do
  case "$1" in
    --source)
      [ $# -ge 2 ] || fail 2 "--source needs a device, a URL or a file"
      source_of_camera=$2
      shift
      ;;
    --keep) keep=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) fail 2 "unknown option $1; see ./quickstart.sh --help" ;;
  esac
  shift
done

cleanup() {
  local status=$? pid
  trap - EXIT
  for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null || true; done
  wait 2> /dev/null || true
  if [ "$keep" = yes ] || { [ "$status" -ne 0 ] && [ -d "$scratch" ]; }; then
    [ -d "$scratch" ] && echo "The scratch folder is $scratch"
  else
    rm -rf "$scratch"
  fi
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

install_and_build() {
  heading "Packages"
  .ci/install.sh test || fail 3 "the packages could not be installed"
  heading "Building the programs (the first time takes some minutes)"
  mkdir -p build
  cmake --preset release > build/configure.log 2>&1 || {
    tail -n 30 build/configure.log >&2
    fail 3 "cmake failed; the whole log is build/configure.log"
  }
  cmake --build --preset release --target maitred maitred-eye maitredctl maitred-draw ||
    fail 3 "the build failed"
}

# A port nobody listens on.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 20000))
    (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || break
  done
  echo "$port"
}

# write_configuration FILE ENGINE SOURCE REALTIME: one camera called "entrance".
write_configuration() {
  cat > "$1" << TOML
[store]
path = "store.db"
key = "file:store.key"
[models]
dir = "$work/models"
engine = "$2"
[[camera]]
name = "entrance"
source = "$3"
realtime = $4
[staff]
listen = "127.0.0.1:$port"
[board]
listen = ""
[metrics]
listen = ""
[log]
level = "info"
TOML
}

# Gets the default engine's models from a folder or upstream, else takes what is in the repository.
# Sets `engine`.
get_models() {
  heading "Models"
  mkdir -p "$work/models" "$scratch"
  local probe=$scratch/models.toml
  write_configuration "$probe" retail "$root/none.avi" false
  engine=retail
  local ctl=("$bin/maitredctl" -c "$probe" --quiet)
  if env -u MAITRED_MODELS "${ctl[@]}" models verify > /dev/null 2>&1; then
    echo "Engine retail: its files are here and unaltered."
  elif [ -n "${MAITRED_MODELS:-}" ] && "${ctl[@]}" models fetch --from "$MAITRED_MODELS"; then
    echo "Engine retail: its files were copied from $MAITRED_MODELS and checked."
  elif env -u MAITRED_MODELS timeout 180 "${ctl[@]}" models fetch; then
    echo "Engine retail: its files were downloaded from their authors and checked."
  else
    engine=demo
    echo "No model files for real people, so engine demo is used: it comes with maitred and knows"
    echo "drawn people only. For real ones: MAITRED_MODELS=DIR ./quickstart.sh, or a network."
  fi
}

# Prints one alert for people.
show_alert() {
  python3 - "$1" << 'PYTHON'
import json
import sys

alert = json.loads(sys.argv[1])
customer = alert.get("customer", {})
rows = [("headline", alert.get("headline")), ("reason", alert.get("reason")),
        ("customer", customer.get("name")), ("camera", alert.get("camera")),
        ("confidence", alert.get("confidence")), ("at", alert.get("at"))]
if alert.get("position") is not None:
    rows.append(("position", f"{alert['position']:.1f} s into the film"))
for name, value in rows:
    if value is not None:
        print(f"    {name:<11}{value}")
PYTHON
}

first_alert() { grep -m1 '"type": *"alert"' "$1" 2> /dev/null || true; }

# Portraits and the film, once for each build of the program that draws them.
draw_people() {
  [ -e "$drawn/film.avi" ] && [ "$drawn/film.avi" -nt "$bin/maitred-draw" ] && return
  rm -rf "$drawn"
  mkdir -p "$drawn"
  "$bin/maitred-draw" cast --out "$drawn/people" > "$drawn/cast.txt" ||
    fail 3 "the portraits could not be drawn"
  "$bin/maitred-draw" film --out "$drawn/new.avi" || fail 3 "the film could not be drawn"
  mv "$drawn/new.avi" "$drawn/film.avi"
}

play_film() {
  local conf=$scratch/maitred.toml ctl customer id alert
  heading "A made-up customer, and a film of made-up people at the entrance"
  draw_people
  customer=$(awk -F '\t' '$2 == "customer" { print $3; exit }' "$drawn/cast.txt")
  write_configuration "$conf" "$engine" "$drawn/film.avi" false
  ctl=("$bin/maitredctl" -c "$conf")
  "${ctl[@]}" --quiet init || fail 3 "the store could not be made"
  "${ctl[@]}" --json enroll --name "Robin Sample" --photo "$customer" \
    --consent-version 1 --consent-ref "made-up person" --scope recognition,history \
    > "$scratch/enrolled.json" || fail 1 "the enrolment failed"
  id=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])' < "$scratch/enrolled.json")
  "${ctl[@]}" --quiet ask "$id" "trail shoes, size 43" || fail 1 "the request was not taken"
  echo "Robin Sample is enrolled as $id, with consent, and asked for trail shoes, size 43."

  heading "The daemon watches the film; a staff client is connected to 127.0.0.1:$port"
  "$bin/maitred" -c "$conf" --spawn-eyes --exit-when-done > "$scratch/daemon.log" 2>&1 &
  local daemon=$!
  pids+=("$daemon")
  "${ctl[@]}" --json watch --count 1 --seconds 240 > "$scratch/alerts.json" \
    2> "$scratch/watch.log" &
  local client=$!
  pids+=("$client")
  local status=0
  wait -n "$daemon" "$client" || status=$?
  if kill -0 "$client" 2> /dev/null; then sleep 1; fi
  alert=$(first_alert "$scratch/alerts.json")
  if [ -z "$alert" ]; then
    echo "--- the daemon's log:" >&2
    tail -n 20 "$scratch/daemon.log" >&2
    tail -n 5 "$scratch/watch.log" >&2
    fail 1 "no alert came (status $status)"
  fi
  heading "Advisor needed: the alert, as the staff client received it"
  printf '%s\n\n' "$alert"
  show_alert "$alert"
  wait "$daemon" || fail 1 "the daemon ended with status $?; see $scratch/daemon.log"
}

say_what_next() {
  cat << NEXT

==> It works. Next:
    ./quickstart.sh --source /dev/video0                     your webcam
    ./quickstart.sh --source rtsp://user:password@camera/1   a network camera
    ./test.sh                                                every test
    README.md                                                install, configure, enrol, watch
NEXT
  if [ "$engine" = demo ]; then
    echo "    Real people need a real engine: MAITRED_MODELS=DIR ./quickstart.sh, or a network."
  fi
}

watch_camera() {
  local live=$work/camera
  if [ -f "$source_of_camera" ] || [ -d "$source_of_camera" ]; then
    source_of_camera=$(realpath "$source_of_camera")
  elif [ "$engine" = demo ]; then
    fail 3 "engine demo knows drawn people only and would recognise nobody at a real camera; give" \
      "a folder with the model files, MAITRED_MODELS=DIR ./quickstart.sh --source" \
      "$source_of_camera, or connect this machine to the network once"
  fi
  mkdir -p "$live"
  local conf=$live/maitred.toml
  write_configuration "$conf" "$engine" "$source_of_camera" true
  local command="$bin/maitredctl -c $conf"
  if [ ! -e "$live/store.db" ]; then
    "$bin/maitredctl" -c "$conf" --quiet init || fail 3 "the store could not be made"
  fi
  heading "Your camera: $source_of_camera"
  cat << HOW
Enrol yourself from another terminal, with one to three photos of your face; it takes effect at once:
    $command enroll --name YOU --photo FILE --consent-version 1 --consent-ref me
    $command ask ID "trail shoes, size 43"
Then step in front of the camera. What runs, and how well:
    $command status
Everything is kept in $live; remove that folder to forget it all. Ctrl-C ends.

Alerts, as a staff client receives them:
HOW
  "$bin/maitred" -c "$conf" --spawn-eyes > "$live/daemon.log" 2>&1 &
  local daemon=$!
  pids+=("$daemon")
  "$bin/maitredctl" -c "$conf" watch < /dev/null 2> /dev/null | sed -u 's/^/    /' &
  pids+=("$!")
  local status=0
  wait "$daemon" || status=$?
  tail -n 5 "$live/daemon.log" >&2
  [ "$status" -eq 0 ] || fail "$status" "the daemon ended; its log is $live/daemon.log"
}

install_and_build
rm -rf "$scratch"
mkdir -p "$scratch"
port=$(free_port)
get_models
if [ -n "$source_of_camera" ]; then
  watch_camera
else
  play_film
  say_what_next
fi
