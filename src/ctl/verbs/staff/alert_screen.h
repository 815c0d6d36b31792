// What `watch` shows: the open alerts, one of them selected. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "maitred/types/visit.h"

namespace maitred {

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 20;
};

class AlertScreen {
 public:
  // A new alert, or a newer state of one.
  void show(const Alert& alert);
  // Only what an update carries is taken over. Unknown visits are ignored.
  void update(const Alert& change);

  void select_next();
  void select_previous();
  std::optional<VisitId> selected() const;

  // Lines that fit there, with colours: the selected alert and those around it.
  std::vector<std::string> lines(WallTime now, ScreenSize size) const;
  // While nothing can come, an empty list does not say that nobody waits.
  void set_connected(bool connected) { connected_ = connected; }

 private:
  void add_lines(std::vector<std::string>& lines, std::size_t index, WallTime now,
                 std::size_t columns) const;

  std::vector<Alert> alerts_;  // oldest first; closed ones are gone
  std::size_t selected_ = 0;
  bool connected_ = true;
};

// "2 min", "15 s".
std::string age_text(Milliseconds age);

}  // namespace maitred
