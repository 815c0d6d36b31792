// The texts that customers agreed to, by version.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/base/time.h"
#include "maitred/shop/store/audit.h"

namespace maitred {

class Vault;

struct ConsentText {
  std::string version;  // stands in clear in the file
  std::string text;     // UTF-8, at most 60 000 bytes
  WallTime added{};
};

// A text never changes once it was added, because people may have agreed to it. Errors of every
// call: store_corrupt, store_failed. Thread-compatible; part of a Store, which must outlive it.
class ConsentTexts {
 public:
  explicit ConsentTexts(Vault& vault) : vault_(vault) {}

  // Errors: text_exists, field_invalid (kInput).
  Status add(const ConsentText& text, const Actor& actor);
  // All texts, ordered by version.
  Result<std::vector<ConsentText>> list() const;
  Result<std::optional<ConsentText>> find(std::string_view version) const;

 private:
  Vault& vault_;
};

}  // namespace maitred
