"""Photos of the desk are looked at by a service of its own, one process a photo, where there is one:
the core of a hardened service may not start programs that make code."""

import shlex

from shop import *
from web_client import Board

ACTIVATE = shutil.which("systemd-socket-activate")


@unittest.skipUnless(ACTIVATE, "skipped: no systemd-socket-activate")
class PhotoService(ShopTest):
    def test_the_core_asks_the_service_and_helps_itself_without_it(self):
        box = self.shop()
        port = free_port()
        box.section("board", listen=f"127.0.0.1:{port}")
        box.init()
        person = box.enrol("Robin Sample", portrait(1), portrait(1, 1))
        # The unit's own command line, as systemd runs it.
        unit = (SOURCE / "systemd" / "maitred-photo@.service.in").read_text()
        command = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
        words = shlex.split(command.removeprefix("ExecStart=").replace("@BINDIR@", str(BIN)))
        looked = box.folder / "looked"
        wrapper = box.folder / "look"
        wrapper.write_text(f"#!/bin/sh\necho $$ >> {looked}\n"
                           f"MAITRED_CONFIG={box.config} exec {shlex.join(words)}\n")
        wrapper.chmod(0o755)
        service = subprocess.Popen(
            [ACTIVATE, "--accept", "--inetd", "-l", box.folder / "photo.sock", wrapper],
            stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (service.kill(), service.wait()))
        eventually((box.folder / "photo.sock").exists, "the socket of the service")
        box.start(spawn=False)
        board, png = Board(port), {"Content-Type": "image/png"}

        def looks():
            return len(looked.read_text().split()) if looked.exists() else 0

        answer = board.json("POST", f"/desk/verify?id={person}", portrait(1, 3).read_bytes(), png)
        self.assertEqual((answer["verified"], looks()), (True, 1), box.log.read_text())
        self.assertEqual(children_of(box.daemon.pid), [])
        # What is no photo is refused with the reason, and the next one is looked at.
        status, _, text = board.ask("POST", "/desk/identify", b"\x89PNG\r\n\x1a\nnothing", png)
        self.assertEqual((status, looks()), (422, 2), text)
        self.assertEqual(board.json("POST", "/desk/identify", portrait(1, 3).read_bytes(), png)["id"],
                         person)
        self.assertEqual(looks(), 3)
        # Without the service the core starts an eye itself.
        service.kill()
        service.wait()
        answer = board.json("POST", f"/desk/verify?id={person}", portrait(1, 3).read_bytes(), png)
        self.assertEqual((answer["verified"], looks()), (True, 3))


if __name__ == "__main__":
    run_tests()
