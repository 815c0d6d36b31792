#!/usr/bin/env python3
"""Executes the documents: what they say and show is held to the programs.

usage: run_documents.py [--static] [DOCUMENT...]

Every fenced block of every *.md file has a language, which says what the test does with it:

  sh       is run by bash in a scratch shop; it must end with status 0, or with that of "status=N"
  console  the same for each line "$ COMMAND"; what follows is its output, where "…" is any text
  toml     is put over the shop's configuration, and `maitred --check` must accept it
  json     must be JSON; a CloudEvent is held to one that the shop's webhook got
  staff    is said to the daemon line by line ("C …"), and its answers must fit ("S …")
  text     is for people only

A block is left out where the document says why, in a line of its own that readers see:
"*Not run: REASON*" above the block, or "*Not run in this section: REASON*" below a heading.
What such a block names (verbs, options, files, presets, tests) is checked all the same.

Besides: README.md is short, table cells are short, links and named files are there, and every
configuration key, verb, metric, event, API call and room of the code is described, and no other.
The programs come from $MAITRED_BIN. --static leaves out all that runs a daemon or a block.
"""

import os
import pathlib
import sys
import tempfile
import time
import urllib.request

import checks
from box import Box, Wrong, drawn, until
from document import Block, read_document
from facts import SOURCE

SKIPPED_FOLDERS = {"build", ".git", "node_modules"}


def find_documents(root):
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(files):
            if name.endswith(".md"):
                path = pathlib.Path(folder, name)
                found.append(read_document(str(path.relative_to(root)),
                                           path.read_text(encoding="utf-8")))
    return found


# --- the shop of a document: what its readers have before its first block -------------------------

def bare(box):
    box.write()


def shop(box):
    """An empty store and a daemon."""
    box.init().start()


def customer(box):
    """A customer with id $ID, and a daemon."""
    box.init()
    box.environment["ID"] = box.enrol("Robin Sample", "a.png", "--scope", "recognition,history",
                                      "--loyalty", "L-1001", "--external-id", "crm-1001",
                                      "--allow-duplicate")
    box.start()


def alert(box):
    """A customer who has just come in, and nobody has answered yet."""
    box.init().webhook()
    box.environment["ID"] = box.enrol("Robin Sample", "amber.png", "--loyalty", "L-1001",
                                      "--scope", "recognition,history,feedback",
                                      "--external-id", "crm-1001",
                                      "--preference", "size=43")
    box.ctl("ask", box.environment["ID"], "trail shoes, size 43", "--item", "TS-43")
    box.ctl("purchase", box.environment["ID"], "--item", "TS-43", "--status", "out_of_stock")
    box.start()
    until(lambda: box.ctl("alerts")["alerts"], "an alert")


SHOPS = {
    "README.md": shop,
    "config/README.md": customer,
    "systemd/README.md": customer,
    "src/ctl/README.md": bare,
    "src/doors/staff/PROTOCOL.md": alert,
    "src/doors/api/README.md": customer,
    "src/doors/outbound/README.md": alert,
    "src/shop/store/README.md": customer,
    "models/README.md": bare,
}


def run_blocks(document, media):
    """(document, line, what) of each block that does not do what the document says."""
    blocks = [block for block in document.blocks
              if block.language in checks.RUN and not block.not_run]
    if not blocks:
        return
    box = Box(media)
    try:
        try:
            SHOPS.get(document.name, customer)(box)
        except Wrong as wrong:
            yield document, 1, f"its shop cannot be made: {wrong}"
            return
        for block in blocks:
            try:
                box.run(block)
            except Wrong as wrong:
                yield document, block.line, f"a block of {block.language}: {wrong}"
    finally:
        box.close()


# --- what a running daemon says of itself ---------------------------------------------------------

def metric_names(box):
    with urllib.request.urlopen(f"http://127.0.0.1:{box.ports['metrics']}/metrics") as page:
        lines = page.read().decode().splitlines()
    return {line.split()[2] for line in lines if line.startswith("# TYPE ")}


def live_names(media):
    """The metrics of a daemon, and the events of a day on which everything happens."""
    box = Box(media)
    try:
        box.settings["visits"] = {"escalate": ["100ms"], "alert_ttl": "20s"}
        box.init().webhook()
        for member in ("amber", "birch", "cedar"):
            box.enrol(member, drawn(media, f"{member}.png", "portrait", "--member", member),
                      "--scope", "recognition,feedback", "--allow-duplicate")
        box.start()
        # At once: an alert that waits expires, as the third one shall.
        answer(box, next_alert(box, set())["visit"])
        withdrawn = next_alert(box, {"closed"})["customer"]["id"]
        box.ctl("consent", withdrawn, "withdraw")

        def seen():
            return {event["type"] for event in box.receiver.events()}

        wanted = {f"maitred.alert.{state}" for state in ("new", "claimed", "escalated", "closed",
                                                         "expired", "withdrawn")}
        wanted.add("maitred.feedback_due")
        until(lambda: wanted <= seen(), lambda: f"{wanted - seen()}")
        return metric_names(box), seen()
    finally:
        box.close()


def next_alert(box, over):
    """The first alert that comes and is not in one of the states `over`."""
    return until(lambda: next((one for one in box.ctl("alerts")["alerts"]
                               if one["state"] not in over), None), "an alert")


def answer(box, visit):
    """A member of staff claims the visit and closes it."""
    box.names = {"<visit>": visit}
    box.run(Block("staff", "", '\n'.join((
        'S {"type":"hello","…":"…"}',
        'C {"type":"claim","visit":"<visit>","by":"Sam"}',
        'S {"type":"claimed","visit":"<visit>","by":"Sam","ok":true}',
        'C {"type":"close","visit":"<visit>","outcome":"served"}')), 1))


def say(problems):
    count = 0
    for document, line, what in problems:
        print(f"{document.name}:{line}: {what}", flush=True)
        count += 1
    return count


def main(words):
    static = "--static" in words
    names = [word for word in words if not word.startswith("-")]
    documents = find_documents(SOURCE)
    problems = say(checks.static_checks(documents, SOURCE))
    chosen = [one for one in documents if not names or one.name in names]
    if len(chosen) < len(names):
        raise SystemExit(f"there are: {' '.join(one.name for one in documents)}")
    if not static:
        with tempfile.TemporaryDirectory(prefix="maitred-doc-media-") as folder:
            media = pathlib.Path(folder)
            for document in chosen:
                began = time.monotonic()
                problems += say(run_blocks(document, media))
                ran = sum(1 for block in document.blocks
                          if block.language in checks.RUN and not block.not_run)
                left = sum(1 for block in document.blocks if block.not_run)
                print(f"{document.name}: {ran} blocks run, {left} not run, "
                      f"{time.monotonic() - began:.1f} s", flush=True)
            if not names:
                metrics, events = live_names(media)
                problems += say(checks.check_metrics(documents, metrics))
                problems += say(checks.check_events(documents, events))
    if problems:
        print(f"{problems} problems in {len(documents)} documents")
        return 1
    print(f"documents: {len(documents)} are true, as far as a machine can tell")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
