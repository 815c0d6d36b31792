// The people of the film: customers and strangers whose faces every engine of the project tells
// apart (tests/unit/drawn holds it to that).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/drawn_person.h"

namespace maitred::drawn {

struct CastMember {
  std::string id;  // made up, also the name of the portrait's file
  std::uint64_t seed = 0;
  bool customer = false;
};

// Customers first; the first of them is the one that the quick start enrols. Pure.
const std::vector<CastMember>& demo_cast();

// The picture a customer brings to be enrolled, 400x400. Pure.
cv::Mat enrolment_portrait(const DrawnPerson& person);

}  // namespace maitred::drawn
