#include "maitred/ctl/doctor/first_configuration.h"

#include <fmt/format.h>

#include <algorithm>

#include "maitred/settings/settings.h"
#include "shipped_text.h"

namespace maitred {
namespace {

// Returns `text` as a TOML basic string.
std::string toml_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) result += c;
  }
  return result + '"';
}

// Sets the value of the first line that begins with "KEY = ", searching from `from`.
void set_value(std::string& text, std::string_view key, std::string_view value,
               std::size_t from = 0) {
  const std::string line = fmt::format("\n{} = ", key);
  const std::size_t at = text.find(line, from);
  if (at == std::string::npos) return;
  const std::size_t begin = at + line.size();
  text.replace(begin, text.find('\n', begin) - begin, value);
}

// Position of the [[camera]] section: includes its comments, excludes the heading comment above it.
struct Section {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Section camera_section(const std::string& text) {
  const std::size_t begin = text.find("[[camera]]");
  return {begin, text.find("\n[visits]", begin) + 1};
}

std::string camera_text(std::string section, const FirstCamera& camera) {
  set_value(section, "name", toml_string(camera.name));
  set_value(section, "source", toml_string(camera.source));
  set_value(section, "zone", camera.zone);
  return section;
}

// Only the first camera section keeps its comments.
std::string without_comments(const std::string& section) {
  std::string text;
  for (std::size_t at = 0; at < section.size();) {
    const std::size_t end = std::min(section.find('\n', at), section.size() - 1);
    if (section[at] != '#') text += section.substr(at, end + 1 - at);
    at = end + 1;
  }
  return text;
}

}  // namespace

std::string_view shipped_configuration() { return shipped_text(); }

Result<std::string> first_configuration(const FirstAnswers& answers,
                                        const std::filesystem::path& file) {
  std::string text(shipped_configuration());
  const Section section = camera_section(text);
  const std::string shipped = text.substr(section.begin, section.end - section.begin);
  std::string cameras;
  for (const FirstCamera& camera : answers.cameras) {
    cameras += camera_text(cameras.empty() ? shipped : without_comments(shipped), camera);
  }
  text.replace(section.begin, shipped.size(), cameras);
  set_value(text, "false_alerts", toml_string(answers.false_alerts));
  if (answers.beside_file) {
    set_value(text, "path", toml_string("store.db"));
    set_value(text, "key", toml_string("file:store.key"));
    set_value(text, "dir", toml_string("models"));
  }
  MAITRED_TRY(parse_settings(text, file));
  return text;
}

}  // namespace maitred
