#include "maitred/settings/edit_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "maitred/base/text.h"
#include "maitred/settings/settings.h"

namespace maitred {
namespace {

// The name in the brackets of a section's heading; "" for any other line.
std::string_view heading_of(std::string_view line) {
  line = trimmed(line);
  const std::size_t end = line.find(']');
  if (!line.starts_with('[') || line.starts_with("[[") || end == std::string_view::npos) {
    return line.starts_with("[[") ? std::string_view("[]") : std::string_view();
  }
  return trimmed(line.substr(1, end - 1));
}

// Finds the begin and end of the quoted value in a line `engine = "..."`, with its quotes. False
// for any other line.
bool find_engine(std::string_view line, std::size_t& begin, std::size_t& end) {
  const std::string_view text = trimmed(line);
  const std::size_t equals = line.find('=');
  if (!text.starts_with("engine") || equals == std::string_view::npos) return false;
  if (trimmed(line.substr(0, equals)) != "engine") return false;
  begin = line.find_first_not_of(" \t", equals + 1);
  if (begin == std::string_view::npos || (line[begin] != '"' && line[begin] != '\'')) return false;
  end = line.find(line[begin], begin + 1);
  return end++ != std::string_view::npos;
}

}  // namespace

Result<std::string> with_engine(const std::string& text, std::string_view engine,
                                const std::filesystem::path& file) {
  MAITRED_TRY(parse_settings(text, file));
  std::string edited;
  bool in_models = false;
  bool written = false;
  std::size_t after_header = std::string::npos;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, next - at);
    at = next + 1;
    const std::string_view heading = heading_of(line);
    if (!heading.empty()) in_models = heading == "models";
    std::size_t begin = 0;
    std::size_t end = 0;
    if (in_models && !written && find_engine(line, begin, end)) {
      edited += fmt::format("{}\"{}\"{}\n", line.substr(0, begin), engine, line.substr(end));
      written = true;
    } else {
      edited += fmt::format("{}\n", line);
    }
    if (heading == "models") after_header = edited.size();
  }
  const std::string wanted = fmt::format("engine = \"{}\"\n", engine);
  if (!written && after_header != std::string::npos) {
    edited.insert(after_header, wanted);
  } else if (!written) {
    edited += "\n[models]\n" + wanted;
  }
  const auto settings = parse_settings(edited, file);
  if (settings && settings->engine == engine) return edited;
  return input_error("config_not_editable",
                     fmt::format("{}: set engine = \"{}\" under [models] by hand, and run this "
                                 "again",
                                 file.string(), engine));
}

}  // namespace maitred
