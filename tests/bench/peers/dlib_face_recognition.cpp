// Peer: the pipeline of the Python package face_recognition and of howdy, in C++: dlib's frontal
// detector on every frame, the 68-point landmarks, and the ResNet on every face. Where the
// published weights are not there, the network has random ones: the same arithmetic, no result.
#include <dlib/dnn.h>
#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/opencv.h>

#include "tests/bench/peers/dlib_resnet.h"
#include "tests/bench/pipeline.h"

namespace maitred::bench {
namespace {

constexpr double kSamePerson = 0.6;  // distance, the default of face_recognition

class DlibPipeline final : public Pipeline {
 public:
  explicit DlibPipeline(const PipelineOptions& options)
      : detector_(dlib::get_frontal_face_detector()), weights_(load_resnet(options.models, net_)) {
    dlib::deserialize("/usr/share/dlib/shape_predictor_68_face_landmarks.dat") >> landmarks_;
  }

  bool enrol(const std::string& person, const cv::Mat& photo) override {
    const auto found = embed(photo);
    if (found.empty()) return false;
    known_.emplace_back(person, found[0]);
    return true;
  }

  std::vector<std::string> look(const cv::Mat& picture, double) override {
    std::vector<std::string> people;
    for (const auto& probe : embed(picture)) {
      double nearest = kSamePerson;
      const std::string* who = nullptr;
      for (const auto& [name, values] : known_) {
        const double distance = dlib::length(probe - values);
        if (distance >= nearest) continue;
        nearest = distance;
        who = &name;
      }
      if (who != nullptr && weights_) people.push_back(*who);
    }
    return people;
  }

  PipelineCounts counts() const override { return counts_; }

 private:
  std::vector<dlib::matrix<float, 0, 1>> embed(const cv::Mat& picture) {
    const dlib::cv_image<dlib::bgr_pixel> image(picture);
    ++counts_.detections;
    std::vector<dlib::matrix<float, 0, 1>> found;
    for (const dlib::rectangle& face : detector_(image)) {
      ++counts_.faces;
      ++counts_.embeddings;
      dlib::matrix<dlib::rgb_pixel> chip;
      dlib::extract_image_chip(
          image, dlib::get_face_chip_details(landmarks_(image, face), 150, 0.25), chip);
      found.push_back(net_(chip));
    }
    return found;
  }

  dlib::frontal_face_detector detector_;
  dlib::shape_predictor landmarks_;
  DlibResNet net_;
  bool weights_ = false;
  std::vector<std::pair<std::string, dlib::matrix<float, 0, 1>>> known_;
  PipelineCounts counts_;
};

}  // namespace

std::unique_ptr<Pipeline> make_dlib_pipeline(const PipelineOptions& options) {
  return std::make_unique<DlibPipeline>(options);
}

}  // namespace maitred::bench
