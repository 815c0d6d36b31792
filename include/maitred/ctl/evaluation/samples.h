// The input of an evaluation: the photos of a folder of people, as templates.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "maitred/types/template.h"

namespace maitred {

struct Sample {
  std::size_t person = 0;  // index into Samples::people
  std::string photo;       // file name, shown in reports
  Template face;
  bool fit = true;  // for enrolment
  float width_px = 0.0F;
  float quality = 0.0F;  // 0 to 1
  float light = 0.0F;    // mean grey of the face, 0 to 255
};

struct Samples {
  std::string engine;
  std::size_t template_length = 0;
  std::vector<std::string> people;
  std::vector<Sample> photos;
  std::size_t without_face = 0;  // photos that gave no template
};

}  // namespace maitred
