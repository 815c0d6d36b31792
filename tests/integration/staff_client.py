"""A staff terminal on a plain TCP socket."""

import contextlib
import json
import select
import socket
import time

from basics import HANG_S, PATIENCE, eventually


class StaffClient:
    """A staff terminal on a plain TCP socket."""

    def __init__(self, port, after=0, resume=True):
        self.socket = self.connected(port)
        self.buffer = b""
        self.ended = False
        self.hello = self.line()
        if resume:
            self.send({"type": "resume", "after": after})

    @staticmethod
    def connected(port):
        """A socket, as soon as the core listens."""
        def tried():
            with contextlib.suppress(ConnectionError):
                return socket.create_connection(("127.0.0.1", port), timeout=HANG_S * PATIENCE)

        return eventually(tried, "a connection for staff", every=0.02)

    def send(self, message):
        self.raw(json.dumps(message).encode() + b"\n")

    def raw(self, data):
        self.socket.sendall(data)

    def line(self, timeout=HANG_S):
        """The next line as an object; None at the end of the connection or the time."""
        deadline = time.monotonic() + timeout * PATIENCE
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return None
            try:
                got = self.socket.recv(65536)
            except ConnectionError:
                got = b""
            if not got:
                self.ended = True
                return None
            self.buffer += got
        text, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(text)

    def until(self, wanted, timeout=HANG_S):
        """The next line of this type."""
        deadline = time.monotonic() + timeout * PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            line = self.line(left / PATIENCE)
            if line is None:
                return None
            if line["type"] == wanted:
                return line
        return None

    def rest(self):
        """Every line that is due by now: those before the answer to a ping."""
        with contextlib.suppress(OSError):
            self.send({"type": "ping"})
        return list(iter(self._line_before_pong, None))

    def _line_before_pong(self):
        line = self.line()
        if line is None and not self.ended:
            raise AssertionError("the core does not answer a ping")
        return None if line is None or line["type"] == "pong" else line

    def to_the_end(self):
        """Every line until the core ends the connection."""
        lines = list(iter(self.line, None))
        if not self.ended:
            raise AssertionError(f"the connection stays open after {lines}")
        return lines

    def close(self):
        self.socket.close()
