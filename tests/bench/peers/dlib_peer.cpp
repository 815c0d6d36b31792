#include "tests/bench/peers/dlib_peer.h"

#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/image_transforms.h>
#include <dlib/opencv.h>

#include "tests/bench/pipeline.h"
#include "tests/support/dlib_resnet.h"

namespace maitred::bench {
namespace {

constexpr double kSamePerson = 0.6;  // distance, the default of face_recognition

}  // namespace

struct DlibPeer::State {
  dlib::frontal_face_detector detector = dlib::get_frontal_face_detector();
  dlib::shape_predictor landmarks;
  std::unique_ptr<test::DlibResNet> network;
  bool has_weights = false;

  std::vector<float> run(const dlib::matrix<dlib::rgb_pixel>& chip) {
    return network->run(&chip(0, 0).red);
  }
};

DlibPeer::DlibPeer(const std::filesystem::path& models) : state_(std::make_unique<State>()) {
  dlib::deserialize("/usr/share/dlib/shape_predictor_68_face_landmarks.dat") >> state_->landmarks;
  const auto file = models / "dlib_face_recognition_resnet_model_v1.dat";
  state_->has_weights = std::filesystem::exists(file);
  state_->network = state_->has_weights ? std::make_unique<test::DlibResNet>(file)
                                        : std::make_unique<test::DlibResNet>(1);
}

DlibPeer::~DlibPeer() = default;
bool DlibPeer::has_weights() const { return state_->has_weights; }

std::vector<std::vector<float>> DlibPeer::embed(const cv::Mat& picture) {
  const dlib::cv_image<dlib::bgr_pixel> image(picture);
  std::vector<std::vector<float>> found;
  // Enlarged once, as both programs do: the detector knows faces of 80 px and more.
  const dlib::pyramid_down<2> pyramid;
  dlib::array2d<dlib::bgr_pixel> larger;
  dlib::assign_image(larger, image);
  dlib::pyramid_up(larger, pyramid);
  for (const dlib::rectangle& seen : state_->detector(larger)) {
    const dlib::rectangle face = pyramid.rect_down(seen);
    dlib::matrix<dlib::rgb_pixel> chip;
    dlib::extract_image_chip(
        image, dlib::get_face_chip_details(state_->landmarks(image, face), 150, 0.25), chip);
    found.push_back(state_->run(chip));
  }
  return found;
}

std::vector<float> DlibPeer::embed_chip(const cv::Mat& chip) {
  dlib::matrix<dlib::rgb_pixel> pixels;
  dlib::assign_image(pixels, dlib::cv_image<dlib::bgr_pixel>(chip));
  return state_->run(pixels);
}

namespace {

class DlibPipeline final : public Pipeline {
 public:
  explicit DlibPipeline(const PipelineOptions& options) : peer_(options.models) {}

  bool enrol(const std::string& person, const cv::Mat& photo) override {
    const auto found = peer_.embed(photo);
    if (found.empty()) return false;
    known_.emplace_back(person, found[0]);
    return true;
  }

  std::vector<std::string> look(const cv::Mat& picture, double) override {
    ++counts_.detections;
    std::vector<std::string> people;
    for (const auto& probe : peer_.embed(picture)) {
      ++counts_.faces;
      ++counts_.embeddings;
      double nearest = kSamePerson;
      const std::string* who = nullptr;
      for (const auto& [name, values] : known_) {
        double square = 0;
        for (std::size_t i = 0; i < values.size(); ++i) {
          square +=
              static_cast<double>(probe[i] - values[i]) * static_cast<double>(probe[i] - values[i]);
        }
        if (std::sqrt(square) >= nearest) continue;
        nearest = std::sqrt(square);
        who = &name;
      }
      if (who != nullptr && peer_.has_weights()) people.push_back(*who);
    }
    return people;
  }

  PipelineCounts counts() const override { return counts_; }

 private:
  DlibPeer peer_;
  std::vector<std::pair<std::string, std::vector<float>>> known_;
  PipelineCounts counts_;
};

}  // namespace

std::unique_ptr<Pipeline> make_dlib_pipeline(const PipelineOptions& options) {
  return std::make_unique<DlibPipeline>(options);
}

}  // namespace maitred::bench
