#include "tests/support/drawn_cast.h"

#include "tests/support/drawn_face.h"

namespace maitred::drawn {

const std::vector<CastMember>& demo_cast() {
  // Seeds found by search: any two are below a cosine of 0.5 for face-reidentification-retail-0095.
  static const std::vector<CastMember> cast = {
      {"amber", 148, true}, {"birch", 204, true}, {"cedar", 219, true}, {"dune", 194, false},
      {"ember", 1, false},  {"flint", 58, false}, {"grove", 122, false}};
  return cast;
}

cv::Mat enrolment_portrait(const DrawnPerson& person) {
  return draw_portrait(person, studio_look(person.seed), 400);
}

}  // namespace maitred::drawn
