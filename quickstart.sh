#!/usr/bin/env bash
# From a clone to an alert: installs what is missing, builds, gets models, enrols a made-up
# customer, plays a film of made-up people walking up to the camera through the real daemon, and
# prints the alert that a staff client received over TCP.
#
#   ./quickstart.sh                          does all that; you can run it again at any time
#   ./quickstart.sh --source /dev/video0     your own camera instead (device, rtsp://…, http://…,
#                                            a video file); runs until you press Ctrl-C
#   ./quickstart.sh --keep                   keeps the scratch folder
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

# write_configuration FILE ENGINE SOURCE [REALTIME]: one camera called "entrance". REALTIME is for
# files only.
write_configuration() {
  cat > "$1" << TOML
[store]
path = "store.db"
key = "file:store.key"
[models]
dir = "$work/models"
engine = "$2"
[recognition]
[[camera]]
name = "entrance"
source = "$3"
${4:+realtime = $4}
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

# judge_alerts ALERTS TRUTH PERSON: prints the alert for people, and holds it to what the film's
# record says: one alert, while the enrolled person was at the camera.
judge_alerts() {
  python3 - "$@" << 'PYTHON'
import json
import sys

alerts_file, truth_file, person = sys.argv[1:]
with open(alerts_file, encoding="utf-8") as lines:
    alerts = [event for event in map(json.loads, lines) if event.get("type") == "alert"]
alerts = list({alert["visit"]: alert for alert in reversed(alerts)}.values())
with open(truth_file, encoding="utf-8") as file:
    walks = json.load(file)["visits"]
if not alerts:
    sys.exit("no alert came")
alert = alerts[-1]
customer = alert["customer"]
for name, value in (("headline", alert["headline"]), ("reason", alert["reason"]),
                    ("customer", customer["name"]), ("camera", alert["camera"]),
                    ("confidence", alert["confidence"]), ("at", alert["at"]),
                    ("position", f"{alert['position']:.1f} s into the film")):
    print(f"    {name:<11}{value}")
own = [walk for walk in walks if walk["person"] == person]
others = len({walk["person"] for walk in walks} - {person})
right = [walk for walk in own if walk["start"] <= alert["position"] <= walk["end"] + 1]
if not right:
    sys.exit("the alert is wrong: another person was at the camera at that moment")
if len(alerts) > 1:
    sys.exit(f"{len(alerts)} alerts came where one was right")
print(f"\nThe film's record agrees: {customer['name']} came into the picture at "
      f"{right[0]['start']:.1f} s. None of the {others} other people was taken for a customer.")
PYTHON
}

# Portraits and the film, once for each build of the program that draws them.
draw_people() {
  [ -e "$drawn/film.avi" ] && [ "$drawn/film.avi" -nt "$bin/maitred-draw" ] && return
  rm -rf "$drawn"
  mkdir -p "$drawn"
  "$bin/maitred-draw" cast --out "$drawn/people" > "$drawn/cast.txt" ||
    fail 3 "the portraits could not be drawn"
  "$bin/maitred-draw" film --out "$drawn/new.avi" --truth "$drawn/truth.json" ||
    fail 3 "the film could not be drawn"
  mv "$drawn/new.avi" "$drawn/film.avi"
}

# Enrols the second customer of the cast, with consent, and notes what she asked for.
enrol_customer() {
  local id ctl=("$bin/maitredctl" -c "$1")
  read -r person portrait < <(awk -F '\t' '$2 == "customer" && ++n == 2 { print $1, $3 }' \
    "$drawn/cast.txt")
  "${ctl[@]}" --quiet init || fail 3 "the store could not be made"
  "${ctl[@]}" --json enroll --name "Robin Sample" --photo "$portrait" --consent-version 1 \
    --consent-ref "made-up person" > "$scratch/enrolled.json" || fail 1 "the enrolment failed"
  id=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])' < "$scratch/enrolled.json")
  "${ctl[@]}" --quiet ask "$id" "trail shoes, size 43" || fail 1 "the request was not taken"
  echo "Robin Sample is enrolled as $id, with consent, and asked for trail shoes, size 43."
}

play_film() {
  local conf=$scratch/maitred.toml person portrait status=0
  heading "A made-up customer, and a film of made-up people at the entrance"
  draw_people
  write_configuration "$conf" "$engine" "$drawn/film.avi" false
  # To a network made for real people, drawn ones look much alike: be strict.
  if [ "$engine" != demo ]; then
    sed -i 's/^\[recognition\]$/&\nfalse_alerts = "1 per 1000000 visitors"/' "$conf"
  fi
  enrol_customer "$conf"

  heading "The daemon watches the film; a staff client is connected to 127.0.0.1:$port"
  timeout 300 "$bin/maitred" -c "$conf" --spawn-eyes --exit-when-done \
    > "$scratch/daemon.log" 2>&1 &
  local daemon=$!
  pids+=("$daemon")
  "$bin/maitredctl" -c "$conf" --json watch > "$scratch/alerts.json" 2> "$scratch/watch.log" &
  local client=$!
  pids+=("$client")
  wait "$daemon" || status=$?
  kill "$client" 2> /dev/null || true
  wait "$client" 2> /dev/null || true
  if [ "$status" -ne 0 ] || ! grep -q '"type":"alert"' "$scratch/alerts.json"; then
    echo "--- the end of the daemon's log:" >&2
    tail -n 20 "$scratch/daemon.log" "$scratch/watch.log" >&2
    fail 1 "no alert came (status $status of the daemon)"
  fi
  heading "Advisor needed: the alert, as the staff client received it"
  grep -m1 '"type":"alert"' "$scratch/alerts.json"
  echo
  judge_alerts "$scratch/alerts.json" "$drawn/truth.json" "$person" || fail 1 "that is wrong"
}

say_what_next() {
  cat << NEXT

==> It works. Next:
    ./quickstart.sh --source /dev/video0                     your webcam
    ./quickstart.sh --source rtsp://user:password@camera/1   a network camera
    ./test.sh                                                every test
    README.md                                                what it does, and all documents
    systemd/README.md                                        install it on a box
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
  write_configuration "$conf" "$engine" "$source_of_camera"
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
  "$bin/maitredctl" -c "$conf" watch < /dev/null > >(exec sed -u 's/^/    /') 2> /dev/null &
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
