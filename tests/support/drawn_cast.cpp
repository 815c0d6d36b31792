#include "tests/support/drawn_cast.h"

#include "tests/support/drawn_face.h"

namespace maitred::drawn {

const std::vector<CastMember>& demo_cast() {
  // Seeds found by search: any two are below a cosine of 0.5 for face-reidentification-retail-0095.
  static const std::vector<CastMember> cast = {
      {"amber", 3, true},  {"birch", 15, true},  {"cedar", 11, true}, {"dune", 6, false},
      {"ember", 8, false}, {"flint", 22, false}, {"grove", 9, false}};
  return cast;
}

cv::Mat enrolment_portrait(const DrawnPerson& person) {
  return draw_portrait(person, studio_look(person.seed), 400);
}

}  // namespace maitred::drawn
