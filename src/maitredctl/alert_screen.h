// What `watch` shows: the open alerts, one of them selected. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "maitred/types/visit.h"

namespace maitred {

class AlertScreen {
 public:
  // A new alert, or a newer state of one.
  void show(const Alert& alert);
  // Only what an update carries is taken over. Unknown visits are ignored.
  void update(const Alert& change);

  void select_next();
  void select_previous();
  std::optional<VisitId> selected() const;

  // Lines for a terminal of this width, with colours.
  std::vector<std::string> lines(WallTime now, std::size_t columns) const;

 private:
  std::vector<Alert> alerts_;  // oldest first; closed ones are gone
  std::size_t selected_ = 0;
};

// "2 min", "15 s".
std::string age_text(Milliseconds age);

}  // namespace maitred
