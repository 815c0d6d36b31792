#include "maitred/base/clean_environment.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace maitred {
namespace {

constexpr std::array<std::string_view, 15> kKept = {"PATH",
                                                    "LANG",
                                                    "LANGUAGE",
                                                    "TZ",
                                                    "RUNTIME_DIRECTORY",
                                                    "LD_PRELOAD",
                                                    "TMPDIR",
                                                    "HOME",
                                                    "JOURNAL_STREAM",
                                                    "XDG_RUNTIME_DIR",
                                                    "LD_LIBRARY_PATH",
                                                    "ASAN_OPTIONS",
                                                    "LSAN_OPTIONS",
                                                    "TSAN_OPTIONS",
                                                    "UBSAN_OPTIONS"};
constexpr std::array<std::string_view, 7> kKeptFamilies = {"LC_",     "OMP_",    "GOMP_", "DNNL_",
                                                           "ONEDNN_", "OPENCV_", "GST_"};

bool is_kept(std::string_view name) {
  return std::find(kKept.begin(), kKept.end(), name) != kKept.end() ||
         std::any_of(kKeptFamilies.begin(), kKeptFamilies.end(),
                     [name](std::string_view family) { return name.starts_with(family); });
}

}  // namespace

CleanEnvironment::CleanEnvironment(const char* const* from) {
  bool preloaded = false;
  for (const char* const* one = from; *one != nullptr; ++one) {
    preloaded = preloaded || std::string_view(*one).starts_with("LD_PRELOAD=");
  }
  for (const char* const* one = from; *one != nullptr; ++one) {
    const std::string_view name =
        std::string_view(*one).substr(0, std::string_view(*one).find('='));
    if (is_kept(name) || (preloaded && !name.starts_with("MAITRED_")))
      variables_.emplace_back(*one);
  }
  for (std::string& variable : variables_) pointers_.push_back(variable.data());
  pointers_.push_back(nullptr);
}

}  // namespace maitred
