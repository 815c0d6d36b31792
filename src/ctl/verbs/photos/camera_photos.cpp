#include "camera_photos.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "camera_pause.h"
#include "eye_report.h"
#include "maitred/base/json_fields.h"

namespace maitred {

using nlohmann::json;

namespace {

// The hints come from the process that looks at pictures from outside: they may say anything.
double number_in(const json& hint, const char* name) {
  const auto found = hint.find(name);
  return found != hint.end() && found->is_number() ? found->get<double>() : 0.0;
}

std::string hint_text(const json& hint) {
  constexpr std::size_t kLongestHint_bytes = 120;
  JsonFields fields(hint);
  std::string text(utf8_prefix(fields.text_or_empty("hint"), kLongestHint_bytes));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return text;
}

}  // namespace

Result<json> photos_of_camera(Session& session, const CameraPhotos& wanted) {
  MAITRED_ASSIGN(const Settings* settings, session.settings());
  MAITRED_ASSIGN(const CameraSettings* camera, settings->named_camera(wanted.camera));
  const CameraPause pause(session, *camera, wanted.seconds);
  MAITRED_TRY(pause.status());
  const bool visible = !session.options().quiet && ::isatty(STDERR_FILENO) == 1;
  auto photos = watch_camera(settings->file, wanted, [visible](const json& hint) {
    if (!visible) return;
    fmt::print(stderr, "\r\033[K {:4.1f} s  {:.0f} good  \033[1m{}\033[0m",
               number_in(hint, "seconds_left"), number_in(hint, "good"), hint_text(hint));
    std::fflush(stderr);
  });
  if (visible) std::fputs("\r\033[K", stderr);
  return photos;
}

}  // namespace maitred
