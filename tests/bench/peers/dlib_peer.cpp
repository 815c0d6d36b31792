#include "tests/bench/peers/dlib_peer.h"

#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/image_transforms.h>
#include <dlib/opencv.h>

#include "tests/bench/peers/dlib_resnet.h"
#include "tests/bench/pipeline.h"
#include "tests/support/resnet_file.h"
#include "tests/support/temporary_folder.h"

namespace maitred::bench {
namespace {

constexpr double kSamePerson = 0.6;  // distance, the default of face_recognition

}  // namespace

struct DlibPeer::Impl {
  dlib::frontal_face_detector detector = dlib::get_frontal_face_detector();
  dlib::shape_predictor landmarks;
  std::unique_ptr<DlibResNet> network;
  bool has_weights = false;

  std::vector<float> run(const dlib::matrix<dlib::rgb_pixel>& chip) {
    return network->run(&chip(0, 0).red);
  }
};

DlibPeer::DlibPeer(const std::filesystem::path& models) : impl_(std::make_unique<Impl>()) {
  dlib::deserialize("/usr/share/dlib/shape_predictor_68_face_landmarks.dat") >> impl_->landmarks;
  const auto file = models / "dlib_face_recognition_resnet_model_v1.dat";
  impl_->has_weights = std::filesystem::exists(file);
  if (impl_->has_weights) {
    impl_->network = std::make_unique<DlibResNet>(file);
  } else {
    const TemporaryFolder folder;
    const auto made = folder.path() / "resnet.dat";
    test::write_resnet_file(made, 1, test::BatchNorms::kFixed);
    impl_->network = std::make_unique<DlibResNet>(made);
  }
}

DlibPeer::~DlibPeer() = default;
bool DlibPeer::has_weights() const { return impl_->has_weights; }

std::vector<std::vector<float>> DlibPeer::embed(const cv::Mat& picture) {
  const dlib::cv_image<dlib::bgr_pixel> image(picture);
  std::vector<std::vector<float>> found;
  // Enlarges once, as both programs do: the detector finds faces of 80 px and more.
  const dlib::pyramid_down<2> pyramid;
  dlib::array2d<dlib::bgr_pixel> larger;
  dlib::assign_image(larger, image);
  dlib::pyramid_up(larger, pyramid);
  for (const dlib::rectangle& seen : impl_->detector(larger)) {
    const dlib::rectangle face = pyramid.rect_down(seen);
    dlib::matrix<dlib::rgb_pixel> chip;
    dlib::extract_image_chip(
        image, dlib::get_face_chip_details(impl_->landmarks(image, face), 150, 0.25), chip);
    found.push_back(impl_->run(chip));
  }
  return found;
}

std::vector<float> DlibPeer::embed_chip(const cv::Mat& chip) {
  dlib::matrix<dlib::rgb_pixel> pixels;
  dlib::assign_image(pixels, dlib::cv_image<dlib::bgr_pixel>(chip));
  return impl_->run(pixels);
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

  std::vector<std::string> recognise(const cv::Mat& picture, double) override {
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
