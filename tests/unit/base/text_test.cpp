#include "maitred/base/text.h"

#include <gtest/gtest.h>

namespace maitred {
namespace {

TEST(WithoutSecrets, HidesWhatAnAddressKeepsSecret) {
  const struct {
    const char* source;
    const char* shown;
  } rows[] = {
      {"rtsp://admin:hunter2@10.0.0.2:554/live", "rtsp://***@10.0.0.2:554/live"},
      {"rtsp://admin:hun/ter2@10.0.0.2/live", "rtsp://***@10.0.0.2/live"},
      {"rtsp://admin:hun@ter2@10.0.0.2/live", "rtsp://***@10.0.0.2/live"},
      {"rtsp://admin:hun?ter2@10.0.0.2/live", "rtsp://***@10.0.0.2/live"},
      {"rtsp://admin:secret@10.0.0.2:554/live?a=b@c", "rtsp://***@10.0.0.2:554/live?a=***"},
      {"http://cam/video?token=hunter2", "http://cam/video?token=***"},
      {"http://cam/video?user=a&password=hunter2&x", "http://cam/video?user=***&password=***&***"},
      {"http://cam/video?hunter2#hunter2", "http://cam/video?***#***"},
      {"http://cam?token=hunter2", "http://cam?token=***"},
      {"http://a@cam/video?next=http://hunter2@b/", "http://***@cam/video?next=***"},
      {"gst:rtspsrc location=rtsp://a:hunter2@cam/1?t=hunter2 user-pw=hunter2 ! decodebin",
       "gst:rtspsrc location=rtsp://***@cam/1?t=*** user-pw=*** ! decodebin"},
      {"gst:souphttpsrc location=\"http://cam/1?t=hunter2\" ! appsink",
       "gst:souphttpsrc location=\"http://cam/1?t=***\" ! appsink"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(without_secrets(row.source), row.shown);
    EXPECT_EQ(without_secrets(row.shown), row.shown);
  }
}

TEST(WithoutSecrets, LeavesWhatIsNoSecret) {
  for (const char* source :
       {"/dev/video0", "0", "", "rtsp://10.0.0.2:554/a@b", "rtsp://10.0.0.2/a@b",
        "rtsp://[::1]/a@b", "/srv/shop films/day 1.mp4", "udp://239.0.0.1:5000"}) {
    EXPECT_EQ(without_secrets(source), source);
  }
}

}  // namespace
}  // namespace maitred
