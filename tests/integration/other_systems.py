"""Systems that are told what happens: a webhook server, and mosquitto."""

import http.server
import json
import os
import shutil
import ssl
import subprocess
import threading
import time

PATIENCE = float(os.environ.get("MAITRED_PATIENCE", "1"))
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

    def wait_for(self, count, timeout=20):
        deadline = time.monotonic() + timeout * PATIENCE
        while len(self.taken) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return [json.loads(body) for _, body in self.taken]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def broker(test, folder, text):
    """A mosquitto with this configuration, ended with the test."""
    (folder / "broker.conf").write_text(text)
    process = subprocess.Popen([MOSQUITTO, "-c", folder / "broker.conf"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    test.addCleanup(process.wait)
    test.addCleanup(process.kill)
    return process
