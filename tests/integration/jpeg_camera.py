"""A camera that sends JPEGs over HTTP, and the pictures of the drawn film for it."""

import http.server
import threading
import time

from drawn import small_film


class JpegCamera:
    """multipart/x-mixed-replace, so many pictures a second, each a little different."""

    def __init__(self, pictures, rate=15):
        self.pictures = pictures
        self.frozen = False
        camera = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                count = 0
                try:
                    while True:
                        data = camera.pictures[0 if camera.frozen else count % len(camera.pictures)]
                        count += 1
                        self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\n"
                                         b"Content-Length: %d\r\n\r\n%s\r\n" % (len(data), data))
                        time.sleep(1 / rate)
                except OSError:
                    pass

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def jpegs(most=10_000, path=None):
    """The pictures of a drawn film, which is a row of JPEGs."""
    data = (path or small_film()[0]).read_bytes()
    found, at = [], 0
    while len(found) < most:
        begin = data.find(b"\xff\xd8\xff", at)
        end = data.find(b"\xff\xd9", begin)
        if begin < 0 or end < 0:
            break
        found.append(data[begin:end + 2])
        at = end + 2
    return found
