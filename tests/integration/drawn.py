"""Drawn people, made once for a build by the project's own generator."""

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import pathlib
import subprocess

from basics import BIN, HANG_S, PATIENCE


@functools.lru_cache
def build_of(*programs):
    """Differs from that of any other build of these programs."""
    whole = hashlib.sha256()
    for name in programs:
        whole.update((BIN / name).read_bytes())
    return whole.hexdigest()[:12]


def drawn_folder():
    """Shared by all tests of this build."""
    folder = pathlib.Path(os.environ.get("MAITRED_DRAWN", BIN.parent / "drawn-for-tests"))
    folder /= build_of("maitred-draw")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def alone(name=".lock"):
    """Several tests may run at once; what one makes the others find."""
    with open(drawn_folder() / name, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _drawn(path, *words):
    if not path.exists():
        # Beside, then renamed: never half a picture.
        fresh = path.with_name(f".{os.getpid()}-{path.name}")
        subprocess.run([str(word) for word in (BIN / "maitred-draw", *words, "--out", fresh)],
                       check=True, stdout=subprocess.DEVNULL, timeout=2 * HANG_S * PATIENCE)
        os.replace(fresh, path)
    return path


def _draw(path, *words):
    with alone():
        return _drawn(path, *words)


def portrait(person, look=0):
    return _draw(drawn_folder() / f"portrait-{person}-{look}.png", "portrait", "--person", person,
                 "--look", look)


def portrait_of_member(member):
    """The enrolment portrait of somebody of the film's cast."""
    return _draw(drawn_folder() / f"member-{member}.png", "portrait", "--member", member)


def small_film():
    """The cheapest film in which the demo engine finds each customer: what most tests need."""
    return film("--size", "320x240", "--fps", "5", "--seconds", "16", name="film-small")


def live_film():
    """A film for a camera in real time: its people walk so slowly that a busy machine sees them."""
    return film("--size", "320x240", "--fps", "5", "--seconds", "30", name="film-live")


def film(*options, name="film"):
    """A film of the demo cast and its truth."""
    path = drawn_folder() / f"{name}.avi"
    truth = drawn_folder() / f"{name}.json"
    with alone():
        if not truth.exists():
            fresh = truth.with_name(f".{os.getpid()}-{truth.name}")
            path.unlink(missing_ok=True)
            _drawn(path, "film", "--truth", fresh, *options)
            os.replace(fresh, truth)
    return path, json.loads(truth.read_text())
