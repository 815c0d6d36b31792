"""A network camera: an RTSP server of GStreamer's, showing a test picture as H.264.

usage: rtsp_camera.py PORT [--size WxH] [--pattern NAME] [--user NAME --password WORD]

Run by Debian's python3, which has GStreamer's bindings (gir1.2-gst-rtsp-server-1.0, python3-gi,
gstreamer1.0-plugins-good, gstreamer1.0-plugins-ugly). Status 77 where they are absent.
"""

import argparse
import sys

try:
    import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer
except (ImportError, ValueError):
    sys.exit(77)


def protect(server, factory, user, password):
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, user)
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role(user, GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS, True)
    permissions.add_permission_for_role(user, GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, True)
    factory.set_permissions(permissions)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port")
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--pattern", default="ball")
    parser.add_argument("--user")
    parser.add_argument("--password")
    arguments = parser.parse_args()
    Gst.init(None)
    if not all(Gst.ElementFactory.find(name) for name in ("x264enc", "rtph264pay", "videotestsrc")):
        return 77
    width, height = arguments.size.split("x")
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f"( videotestsrc is-live=true pattern={arguments.pattern} ! "
        f"video/x-raw,width={width},height={height},framerate=15/1 ! "
        "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 bitrate=500 ! "
        "rtph264pay name=pay0 pt=96 config-interval=1 )")
    factory.set_shared(True)
    server = GstRtspServer.RTSPServer()
    server.set_service(arguments.port)
    server.set_address("127.0.0.1")
    if arguments.user:
        protect(server, factory, arguments.user, arguments.password)
    server.get_mount_points().add_factory("/stream", factory)
    if server.attach(None) == 0:
        return 1
    print("serving", flush=True)
    GLib.MainLoop().run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
