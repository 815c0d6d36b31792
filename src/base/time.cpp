#include "maitred/base/time.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace maitred {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t length_ms;
};

// Longest first, so that format_duration finds the coarsest unit that fits.
constexpr std::array<Unit, 7> kUnits = {{{"y", 365LL * 24 * 3600 * 1000},
                                         {"w", 7LL * 24 * 3600 * 1000},
                                         {"d", 24LL * 3600 * 1000},
                                         {"h", 3600LL * 1000},
                                         {"m", 60LL * 1000},
                                         {"s", 1000LL},
                                         {"ms", 1LL}}};

// Reads exactly `digits` decimal digits at the front of `text` and removes them.
bool take_number(std::string_view& text, std::size_t digits, int& value) {
  if (text.size() < digits) return false;
  const char* end = text.data() + digits;
  const auto [parsed, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || parsed != end || text.front() == '-') return false;
  text.remove_prefix(digits);
  return true;
}

bool take_char(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

struct ClockReading {
  int hour = 0, minute = 0, second = 0, millisecond = 0, offset_minutes = 0;
};

bool take_clock(std::string_view& text, ClockReading& clock) {
  if (!take_number(text, 2, clock.hour) || !take_char(text, ':') ||
      !take_number(text, 2, clock.minute)) {
    return false;
  }
  if (take_char(text, ':')) {
    if (!take_number(text, 2, clock.second)) return false;
    if (take_char(text, '.')) {
      int scale = 100;
      bool any = false;
      while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        clock.millisecond += (text.front() - '0') * scale;
        scale /= 10;
        any = true;
        text.remove_prefix(1);
      }
      if (!any) return false;
    }
  }
  if (take_char(text, 'Z')) return true;
  const bool east = take_char(text, '+');
  if (!east && !take_char(text, '-')) return false;
  int hours = 0;
  int minutes = 0;
  if (!take_number(text, 2, hours) || !take_char(text, ':') || !take_number(text, 2, minutes)) {
    return false;
  }
  if (hours > 14 || minutes > 59) return false;
  clock.offset_minutes = (hours * 60 + minutes) * (east ? 1 : -1);
  return true;
}

}  // namespace

WallTime wall_now() { return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()); }

std::string format_time(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Result<WallTime> parse_time(std::string_view text) {
  const auto bad = [whole = text] {
    return input_error("bad_time", fmt::format("'{}' is not a time; write 2026-11-22 or "
                                               "2026-11-22T10:15:00Z (or +01:00 for Z)",
                                               whole.substr(0, 40)));
  };
  int year = 0;
  int month = 0;
  int day = 0;
  if (!take_number(text, 4, year) || !take_char(text, '-') || !take_number(text, 2, month) ||
      !take_char(text, '-') || !take_number(text, 2, day)) {
    return bad();
  }
  ClockReading clock;
  if (!text.empty() && (!take_char(text, 'T') || !take_clock(text, clock) || !text.empty())) {
    return bad();
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || year < 1970 || clock.hour > 23 || clock.minute > 59 || clock.second > 60) {
    return bad();
  }
  const WallTime time = WallTime{std::chrono::sys_days{date}} + std::chrono::hours{clock.hour} +
                        std::chrono::minutes{clock.minute - clock.offset_minutes} +
                        std::chrono::seconds{clock.second} + Milliseconds{clock.millisecond};
  // The offset may have moved it out of the range.
  const bool in_range = time >= WallTime{} &&
                        time < WallTime{std::chrono::sys_days{std::chrono::year{10000} / 1 / 1}};
  if (!in_range) return bad();
  return time;
}

Result<Milliseconds> parse_duration(std::string_view text) {
  const auto bad = [text] {
    return input_error("bad_duration",
                       fmt::format("'{}' is not a duration; write a number and a unit: 700ms, "
                                   "20s, 10m, 4h, 30d, 2w, 3y",
                                   text.substr(0, 40)));
  };
  double number = 0.0;
  const auto [rest, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number) || number < 0.0 || text.front() == '-') {
    return bad();
  }
  const std::string_view unit_name = text.substr(static_cast<std::size_t>(rest - text.data()));
  for (const Unit& unit : kUnits) {
    if (unit.name != unit_name) continue;
    const double length_ms = number * static_cast<double>(unit.length_ms);
    if (length_ms > 200.0 * static_cast<double>(kUnits[0].length_ms)) return bad();
    return Milliseconds{std::llround(length_ms)};
  }
  return bad();
}

std::string format_duration(Milliseconds duration) {
  const std::int64_t length_ms = duration.count();
  if (length_ms == 0) return "0s";
  for (const Unit& unit : kUnits) {
    if (length_ms % unit.length_ms == 0) {
      return fmt::format("{}{}", length_ms / unit.length_ms, unit.name);
    }
  }
  return fmt::format("{}ms", length_ms);
}

}  // namespace maitred
