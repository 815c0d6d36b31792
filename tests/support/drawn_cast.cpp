#include "tests/support/drawn_cast.h"

#include "tests/support/drawn_face.h"

namespace maitred::drawn {

const std::vector<CastMember>& demo_cast() {
  // Seeds found by search: any two are below a cosine of 0.5 for face-reidentification-retail-0095.
  static const std::vector<CastMember> cast = {
      {"amber", 244, true}, {"birch", 223, true},  {"cedar", 185, true}, {"dune", 172, false},
      {"ember", 29, false}, {"flint", 256, false}, {"grove", 94, false}};
  return cast;
}

cv::Mat enrolment_portrait(const DrawnPerson& person) {
  return draw_portrait(person, studio_look(person.seed), 400);
}

}  // namespace maitred::drawn
