// Parts of headlines. Private to this module.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/types/customer.h"
#include "maitred/types/visit.h"

namespace maitred {

// The ask that the headline names: the newest one whose item was out of stock, else the newest.
// Null if there is none.
struct ChosenAsk {
  const Ask* ask = nullptr;
  bool was_out_of_stock = false;
};
ChosenAsk chosen_ask(const CustomerView& customer);

// The newest purchase whose item was out of stock and was not bought later; null if there is none.
const Purchase* missed_purchase(const CustomerView& customer);

// Null if there is none.
const Appointment* nearest_appointment(std::span<const Appointment> appointments, WallTime now);

// The time of day as "10:30".
std::string clock_text(WallTime time);

// One line of at most `limit` bytes, cut between UTF-8 characters.
std::string headline_text(std::string_view text, std::size_t limit);

// True if the texts are equal, ASCII letters in either case.
bool same_word(std::string_view a, std::string_view b);

std::string ask_headline(const ChosenAsk& chosen);

}  // namespace maitred
