// What the pages of this module have in common.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "maitred/base/text.h"

namespace maitred {

inline constexpr const char* kPageStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1b1f;background:#fff}table{border-collapse:collapse;margin:1rem 0}"
    "th,td{padding:.3rem .8rem;text-align:right;border-bottom:1px solid #ddd}"
    "th:first-child,td:first-child{text-align:left}caption{text-align:left;color:#555}"
    "svg{max-width:100%;height:auto}.grid{stroke:#ddd}.line{fill:none;stroke:#0b57d0;"
    "stroke-width:2}text{font-size:12px;fill:#444}"
    "@media(prefers-color-scheme:dark){body{background:#131316;color:#e6e6ea}"
    "th,td{border-color:#333}text{fill:#bbb}.grid{stroke:#333}.line{stroke:#8ab4f8}"
    "caption{color:#aaa}}";

// Up to the heading.
inline std::string page_head(std::string_view title) {
  return fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>{0}</title><style>{1}</style><h1>{0}</h1>",
      escaped_html(title), kPageStyle);
}

inline std::string percent(double fraction) { return fmt::format("{:.2f} %", fraction * 100.0); }

}  // namespace maitred
