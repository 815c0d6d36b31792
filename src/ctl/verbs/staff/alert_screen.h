// The screen of `watch`: the open alerts, one of them selected. Pure.
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
  // Adds an alert, or replaces one by its newer state.
  void show(const Alert& alert);
  // Applies the fields that an update carries. Ignores unknown visits.
  void update(const Alert& change);

  void select_next();
  void select_previous();
  std::optional<VisitId> selected() const;

  // Returns lines that fit `size`, with colours: the selected alert and the ones around it.
  std::vector<std::string> lines(WallTime now, ScreenSize size) const;
  // While disconnected, an empty list says that no alert can come.
  void set_connected(bool connected) { connected_ = connected; }

 private:
  void add_lines(std::vector<std::string>& lines, std::size_t index, WallTime now,
                 std::size_t columns) const;

  std::vector<Alert> alerts_;  // oldest first; closed ones are gone
  std::size_t selected_ = 0;
  bool connected_ = true;
};

// Returns an age like "2 min" or "15 s".
std::string age_text(Milliseconds age);

}  // namespace maitred
