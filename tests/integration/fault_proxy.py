"""A TCP proxy that does to a camera's stream what networks do."""

import select
import socket
import struct
import threading
import time


class FaultProxy:
    """Listens on a port of its own and passes on to `target`, but for the fault that is set:

    silence: connections stay, nothing is passed on; drip: a byte every 50 ms; cut: each connection
    is closed in the middle of a packet; reset: the same with RST; gone: nobody listens.
    """

    def __init__(self, target_port):
        self.target_port = target_port
        self.fault = None
        self.pairs = []
        self.lock = threading.Lock()
        self.done = threading.Event()
        self.listener = None
        self.port = 0
        self._listen()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _listen(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(16)
        self.port = listener.getsockname()[1]
        self.listener = listener

    def set(self, fault):
        """A fault, or None for a good line."""
        with self.lock:
            self.fault = fault
            if fault == "gone" and self.listener:
                self.listener.close()
                self.listener = None
            if fault != "gone" and not self.listener:
                self._listen()
            if fault in ("reset", "cut", "gone"):
                for pair in self.pairs:
                    self._end(pair, hard=fault == "reset")
                self.pairs = []

    def close(self):
        self.done.set()
        self.thread.join()
        self.set("gone")

    @staticmethod
    def _end(pair, hard):
        for one in pair:
            try:
                if hard:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.close()
            except OSError:
                pass

    def _run(self):
        while not self.done.is_set():
            with self.lock:
                if not self._turn():
                    pause = 0.05
                else:
                    pause = 0
            if pause:
                time.sleep(pause)

    def _turn(self):
        """One look at everything; whether there was something to do."""
        sockets = [one for pair in self.pairs for one in pair]
        watched = sockets + ([self.listener] if self.listener else [])
        if self.fault == "silence":
            watched = [self.listener]
        if not watched:
            return False
        readable = select.select(watched, [], [], 0.01)[0]
        busy = False
        for one in readable:
            busy = True
            if one is self.listener:
                self._accept()
            else:
                busy = self._pass(one)
        return busy

    def _accept(self):
        client = self.listener.accept()[0]
        if self.fault in ("reset", "cut"):
            self._end((client,), hard=self.fault == "reset")
            return
        try:
            self.pairs.append((client, socket.create_connection(("127.0.0.1", self.target_port), 2)))
        except OSError:
            client.close()

    def _pass(self, one):
        pair = next((pair for pair in self.pairs if one in pair), None)
        if pair is None:
            return False
        other = pair[1] if one is pair[0] else pair[0]
        try:
            data = one.recv(1 if self.fault == "drip" else 65536)
            if data:
                other.sendall(data)
                return self.fault != "drip"
        except OSError:
            pass
        self._end(pair, hard=False)
        self.pairs.remove(pair)
        return True
