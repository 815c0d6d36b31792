"""A browser for tests without one: HTTP and WebSocket with the standard library alone."""

import base64
import http.client
import json
import os
import select
import socket
import struct
import time

from basics import HANG_S, PATIENCE


class Board:
    """The board's calls, as a page of its own makes them, with a cookie jar of one."""

    def __init__(self, port):
        self.port = port
        self.cookie = ""
        self.origin = f"http://127.0.0.1:{port}"

    def ask(self, method, path, body=None, headers=()):
        """Status, headers and body; `body` is bytes or what becomes JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG_S * PATIENCE)
        sent = {"Cookie": self.cookie} if self.cookie else {}
        if method == "POST":
            sent |= {"Origin": self.origin, "Content-Type": "application/json"}
            if not isinstance(body, bytes):
                body = json.dumps(body or {}).encode()
        sent |= dict(headers)
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        text = answer.read()
        set_cookie = answer.getheader("Set-Cookie")
        if set_cookie:
            self.cookie = set_cookie.split(";")[0]
        connection.close()
        return answer.status, dict(answer.getheaders()), text

    def json(self, method, path, body=None, headers=()):
        status, _, text = self.ask(method, path, body, headers)
        assert status == 200, (status, text)
        return json.loads(text)

    def sign_in(self, token):
        return self.ask("POST", "/signin", {"token": token})[0]

    def events(self, **options):
        return WebSocket(self.port, cookie=self.cookie, **options)


class WebSocket:
    """One staff line a message."""

    def __init__(self, port, cookie="", origin=None, resume=True, path="/events"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=HANG_S * PATIENCE)
        self.buffer = b""
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: Upgrade",
                 "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode(),
                 "Origin: " + (origin or f"http://127.0.0.1:{port}")]
        if cookie:
            lines.append("Cookie: " + cookie)
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            got = self.socket.recv(4096)
            if not got:
                break
            self.buffer += got
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.status = int(head.split()[1])
        self.closed = self.status != 101
        if resume and not self.closed:
            self.hello = self.line()
            self.send({"type": "resume", "after": 0})

    def frame(self, data, opcode=1):
        size = len(data)
        head = bytes([0x80 | opcode])
        head += bytes([0x80 | size]) if size < 126 else (
            bytes([0xfe]) + struct.pack(">H", size) if size < 65536
            else bytes([0xff]) + struct.pack(">Q", size))
        self.socket.sendall(head + b"\0\0\0\0" + data)

    def send(self, message):
        self.frame(json.dumps(message).encode())

    def _need(self, count, deadline):
        while len(self.buffer) < count:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                return False
            try:
                got = self.socket.recv(65536)
            except OSError:
                got = b""
            if not got:
                self.closed = True
                return False
            self.buffer += got
        return True

    def line(self, timeout=HANG_S):
        """The next message as an object; None at the end of the connection or the time."""
        deadline = time.monotonic() + timeout * PATIENCE
        while self._need(2, deadline):
            size, at = self.buffer[1] & 0x7f, 2
            if size == 126:
                if not self._need(4, deadline):
                    return None
                size, at = struct.unpack(">H", self.buffer[2:4])[0], 4
            if not self._need(at + size, deadline):
                return None
            opcode, data = self.buffer[0] & 0x0f, self.buffer[at:at + size]
            self.buffer = self.buffer[at + size:]
            if opcode == 8:
                self.closed = True
                return None
            if opcode == 9:
                self.frame(data, 10)
            elif opcode == 1:
                return json.loads(data)
        return None

    def until(self, wanted, timeout=HANG_S):
        deadline = time.monotonic() + timeout * PATIENCE
        while time.monotonic() < deadline:
            line = self.line(deadline - time.monotonic())
            if line is None or line["type"] == wanted:
                return line
        return None

    def close(self):
        self.socket.close()
