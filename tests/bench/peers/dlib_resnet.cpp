#include "tests/bench/peers/dlib_resnet.h"

#include <string>

namespace maitred::bench {

bool load_resnet(const std::filesystem::path& models, DlibResNet& network) {
  const auto file = models / "dlib_face_recognition_resnet_model_v1.dat";
  if (std::filesystem::exists(file)) {
    dlib::deserialize(file.string()) >> network;
    return true;
  }
  dlib::matrix<dlib::rgb_pixel> grey(150, 150);
  for (dlib::rgb_pixel& pixel : grey) pixel = {128, 128, 128};
  network(grey);  // the weights are drawn at the first run
  return false;
}

}  // namespace maitred::bench
