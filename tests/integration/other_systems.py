"""Systems that are told what happens: a webhook server, and mosquitto."""

import contextlib
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading

from basics import eventually

MOSQUITTO = shutil.which("mosquitto") or ("/usr/sbin/mosquitto" if os.path.exists("/usr/sbin/mosquitto") else None)


class Receiver(threading.Thread):
    """A webhook server that keeps what it takes; `answer` is its mood."""

    def __init__(self, port, certificate=None):
        super().__init__(daemon=True)
        self.taken, self.refused, self.answer = [], 0, 200
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = receiver.answer
                if answer == 200:
                    receiver.taken.append((dict(self.headers), body))
                else:
                    receiver.refused += 1
                self.send_response(answer)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.handle_error = lambda *_: None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    def run(self):
        self.server.serve_forever(poll_interval=0.05)

    def wait_for(self, count):
        """What it has taken, as soon as it has so much."""
        eventually(lambda: len(self.taken) >= count,
                   lambda: f"{count} events, not {len(self.taken)}", every=0.02)
        return [json.loads(body) for _, body in self.taken]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def listens(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True


def broker(test, folder, text):
    """A mosquitto with this configuration that listens, ended with the test."""
    (folder / "broker.conf").write_text(text)
    process = subprocess.Popen([MOSQUITTO, "-c", folder / "broker.conf"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    test.addCleanup(process.wait)
    test.addCleanup(process.kill)
    port = int(re.search(r"listener (\d+)", text)[1])
    eventually(lambda: process.poll() is not None or listens(port), f"a broker at {port}")
    return process
