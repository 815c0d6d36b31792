// What headlines are made of. Internal to visits.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "maitred/base/time.h"
#include "maitred/types/customer.h"
#include "maitred/types/visit.h"

namespace maitred {

// The ask to speak of: one whose item was out of stock first, then the newest; null without any.
struct ChosenAsk {
  const Ask* ask = nullptr;
  bool was_out_of_stock = false;
};
ChosenAsk chosen_ask(const CustomerView& customer);

// The newest purchase of its item that says out_of_stock; null without any.
const Purchase* missed_purchase(const CustomerView& customer);

// Null without any.
const Appointment* nearest_appointment(std::span<const Appointment> appointments, WallTime now);

// "10:30" of the day that `time` is of.
std::string clock_text(WallTime time);

// One line of at most `limit` bytes, cut between UTF-8 characters.
std::string one_line(std::string_view text, std::size_t limit);

// Equal but for upper and lower case, ASCII.
bool same_word(std::string_view a, std::string_view b);

std::string ask_headline(const ChosenAsk& chosen);

}  // namespace maitred
