"""Cameras that fail: seen within 2 s, back within 5 s of the camera's return, nothing leaks.

Times are held in the median, and judged where MAITRED_JUDGE_TIMES=1.

A camera that sends JPEGs over HTTP is played by this program; a real RTSP server is GStreamer's
(skipped where it is absent). MAITRED_FAULTS=1000 does so many faults in a row.
"""

import statistics

from fault_proxy import FaultProxy
from jpeg_camera import JpegCamera, jpegs
from shop import *
from s18_metrics import get, samples

FAULTS = int(os.environ.get("MAITRED_FAULTS", "12"))
SEEN_WITHIN = 2.0
BACK_WITHIN = 5.0
ASKING = 0.3               # what a look at the state takes


class CameraFaults(ShopTest):
    def watched(self, source, env=None):
        self.box = self.shop()
        self.metrics_port = free_port()
        self.box.section("metrics", listen=f"127.0.0.1:{self.metrics_port}")
        self.box.section("recognition", allow_demo_engine=True)
        self.box.camera(source).init().start(env=env)
        self.await_state({"running"})

    def camera(self):
        return self.box.do("status")["cameras"][0]

    def state(self):
        """From the metrics: cheaper to ask than maitredctl."""
        found = samples(get(self.metrics_port, "/metrics")[1])
        return next(state for state in ("connecting", "running", "stalled", "ended")
                    if found[f'maitred_camera_state{{camera="entrance",state="{state}"}}'] == 1)

    def await_state(self, states):
        """Seconds until the camera is in one of these states."""
        began = time.monotonic()
        eventually(lambda: self.state() in states, lambda: f"{states}: {self.camera()}:\n"
                   f"{self.box.log.read_text()[-3000:]}", every=0.03)
        return time.monotonic() - began

    def fault(self, begin, end, last=1.0):
        """One fault: when it was seen, and when the picture was back."""
        begin()
        seen = self.await_state({"stalled", "connecting"})
        time.sleep(last)
        end()
        back = self.await_state({"running"})
        return seen, back

    def eye(self):
        return children_of(self.box.daemon.pid)[0]

    def held(self):
        """Resident MiB, descriptors and threads of the eye."""
        status = pathlib.Path(f"/proc/{self.eye()}/status").read_text()
        resident = int(status.split("VmRSS:")[1].split()[0]) / 1024
        threads = int(status.split("Threads:")[1].split()[0])
        return resident, len(os.listdir(f"/proc/{self.eye()}/fd")), threads

    def every_fault(self, proxy, faults):
        # What the first ones bring into memory stays.
        kinds = ["reset", "cut", "gone", "silence", "drip"]
        times = []
        pid = self.eye()
        for number in range(faults):
            kind = kinds[number % len(kinds)]
            last = 0.2 if faults > 20 else (6.5 if number == 3 else 1.0)
            seen, back = self.fault(lambda: proxy.set(kind), lambda: proxy.set(None), last)
            times.append((kind, seen, back))
            if number == min(faults // 2, 40):
                before = self.held()
        after = self.held()
        self.assertEqual(self.eye(), pid, "the eye did not live through it")
        slowest = {kind: tuple(round(max(one[i] for one in times if one[0] == kind), 2)
                               for i in (1, 2)) for kind in kinds}
        print(f"{faults} faults, slowest (seen, back): {slowest}; eye before {before}, after "
              f"{after} (MiB, descriptors, threads)", file=sys.stderr)
        self.assertWithin(statistics.median(one[1] for one in times), SEEN_WITHIN + ASKING,
                          "median until a fault is seen")
        self.assertWithin(statistics.median(one[2] for one in times), BACK_WITHIN,
                          "median until the picture is back")
        self.assertLess(after[0], before[0] + max(20, before[0] * 0.2))
        self.assertLessEqual(after[1], before[1] + 2)
        self.assertLessEqual(after[2], before[2] + 2)
        log = self.box.log.read_text()
        self.assertIn("camera entrance: running, after", log)
        self.assertLess(len(log), 2_000_000)

    def test_a_jpeg_camera(self):
        camera = JpegCamera(jpegs(60))
        self.addCleanup(camera.close)
        proxy = FaultProxy(camera.port)
        self.addCleanup(proxy.close)
        self.watched(f"http://127.0.0.1:{proxy.port}/video")
        self.every_fault(proxy, FAULTS)
        # A picture that stands still: the line is good, the camera is not.
        camera.frozen = True
        self.await_state({"stalled"})
        self.assertIn("stands still", self.camera()["note"])
        camera.frozen = False
        self.await_state({"running"})

    def test_a_decoder_that_hangs(self):
        camera = JpegCamera(jpegs(60))
        self.addCleanup(camera.close)
        self.watched(f"http://127.0.0.1:{camera.port}/video")
        client = self.box.client()
        pid = self.eye()
        os.kill(pid, signal.SIGSTOP)
        self.assertWithin(self.await_state({"stalled"}), SEEN_WITHIN + ASKING,
                          "a decoder that hangs is seen")
        # The core serves staff meanwhile, kills the eye and starts another.
        client.send({"type": "ping"})
        self.assertIsNotNone(client.until("pong"))
        self.await_state({"running"})
        self.assertNotEqual(self.eye(), pid)
        self.assertIn("no message from its eye", self.box.log.read_text())

    def test_a_core_that_stood_still_does_not_blame_its_eye(self):
        camera = JpegCamera(jpegs(60))
        self.addCleanup(camera.close)
        self.watched(f"http://127.0.0.1:{camera.port}/video")
        core, pid = self.box.daemon.pid, self.eye()
        os.kill(core, signal.SIGSTOP)
        time.sleep(8)  # an eye that is silent for 6 s is killed
        os.kill(core, signal.SIGCONT)
        time.sleep(2)
        self.await_state({"running"})
        self.assertEqual(self.eye(), pid)
        self.assertNotIn("killing it", self.box.log.read_text())

    @unittest.skipIf(SANITIZED, "this decoder and a sanitizer both want to be loaded first")
    def test_a_decoder_that_crashes(self):
        """libavcodec, made to write where nothing is at every process's 40th frame."""
        if shutil.which("cc") is None:
            self.skipTest("skipped: no C compiler")
        folder = pathlib.Path(tempfile.mkdtemp(prefix="maitred-crash-"))
        self.addCleanup(shutil.rmtree, folder)
        code, library = folder / "crash.c", folder / "crash.so"
        code.write_text(r"""
            #define _GNU_SOURCE
            #include <dlfcn.h>
            int avcodec_receive_frame(void* context, void* frame) {
              static int frames = 0;
              if (++frames == 40) *(volatile int*)0 = 1;
              return ((int (*)(void*, void*))dlsym(RTLD_NEXT, "avcodec_receive_frame"))(context, frame);
            }""")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, code], check=True)
        camera = JpegCamera(jpegs(60))
        self.addCleanup(camera.close)
        self.watched(f"http://127.0.0.1:{camera.port}/video", env={"LD_PRELOAD": str(library)})
        client = self.box.client()
        core, pids = self.box.daemon.pid, set()

        def three_eyes():
            pids.update(children_of(core))
            # Staff are served all the while, on the line that they had.
            client.send({"type": "ping"})
            self.assertIsNotNone(client.until("pong"))
            return len(pids) >= 3

        eventually(three_eyes, "a third eye", every=0.1)
        self.assertIsNone(self.box.daemon.poll())
        self.assertIn(f"signal {signal.SIGSEGV.value}", self.box.log.read_text())
        self.assertEqual(self.box.stop(), 0)

    def rtsp(self, *words):
        port = free_port()
        server = subprocess.Popen(["/usr/bin/python3", "-B",
                                   pathlib.Path(__file__).parent / "rtsp_camera.py", str(port),
                                   *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (server.kill(), server.wait(), server.stdout.close()))
        if not server.stdout.readline():
            self.skipTest("skipped: no GStreamer RTSP server for /usr/bin/python3")
        return server, port

    def test_an_rtsp_camera(self):
        server, port = self.rtsp()
        proxy = FaultProxy(port)
        self.addCleanup(proxy.close)
        self.watched(f"rtsp://127.0.0.1:{proxy.port}/stream")
        self.every_fault(proxy, FAULTS)
        # The camera itself goes, and comes back with a larger picture.
        server.kill()
        server.wait()
        self.await_state({"stalled", "connecting"})
        time.sleep(3)
        _, other = self.rtsp("--size", "1280x720")
        proxy.target_port = other
        self.await_state({"running"})
        self.assertEqual(self.box.stop(), 0)

    def test_an_rtsp_camera_with_a_password(self):
        _, port = self.rtsp("--user", "shop", "--password", "s3cret-word")
        box = self.shop()
        self.box = box
        box.section("recognition", allow_demo_engine=True)
        box.camera(f"rtsp://shop:wr0ng-word@127.0.0.1:{port}/stream").init().start()
        eventually(lambda: "password" in self.camera()["note"], self.camera, every=0.2)
        self.assertIn("check path, user and password", self.camera()["note"])
        box.stop()
        box.cameras[0]["source"] = f"rtsp://shop:s3cret-word@127.0.0.1:{port}/stream"
        box.write().start()
        eventually(lambda: self.camera()["state"] == "running", self.camera, every=0.2)
        log = box.log.read_text()
        self.assertNotIn("s3cret-word", log)
        self.assertNotIn("wr0ng-word", log)

    def test_an_rtsp_camera_in_the_dark(self):
        _, port = self.rtsp("--pattern", "black")
        self.watched(f"rtsp://127.0.0.1:{port}/stream")
        eventually(lambda: self.camera()["note"], self.camera, every=0.3)
        self.assertIn("black", self.camera()["note"])


if __name__ == "__main__":
    run_tests()
