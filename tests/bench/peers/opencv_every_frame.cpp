// Peer: YuNet and face-reidentification-retail-0095 in OpenCV's dnn, detection and embedding of
// every face in every frame, as add-ons of network video recorders do it. Decoding of the outputs
// and alignment are maitred's: OpenCV 4.6 has none for this file.
#include <stdexcept>

#include "maitred/eye/vision/network_embedder.h"
#include "maitred/eye/vision/yunet.h"
#include "maitred/models/verify.h"
#include "maitred/shop/matching/decision_policy.h"
#include "tests/bench/pipeline.h"

namespace maitred::bench {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

class EveryFrame final : public Pipeline {
 public:
  explicit EveryFrame(const PipelineOptions& options) : options_(options) {
    const auto files = must(locate(Manifest::built_in(), "retail", options.models, {}));
    YunetOptions yunet;
    yunet.backend = Backend::kOpenCv;
    detector_ = must(make_yunet_detector(files.path(ModelRole::kDetector), yunet));
    embedder_ = must(
        make_network_embedder(files.path(ModelRole::kEmbedder), retail_spec(), Backend::kOpenCv));
    cv::setNumThreads(1);
  }

  bool enrol(const std::string& person, const cv::Mat& photo) override {
    const ImageView view = view_of(photo);
    const auto faces = must(detector_->detect(view, 40));
    if (faces.empty()) return false;
    known_.emplace_back(person, must(embedder_->embed(view, faces[0].landmarks)));
    return true;
  }

  void ready() override {
    std::vector<CalibrationRow> rows;
    for (const auto& point : must(Manifest::built_in().engine("retail"))->calibration) {
      rows.push_back({static_cast<float>(point.threshold), point.fmr, point.fnmr});
    }
    const auto calibration = must(Calibration::from_rows(std::move(rows)));
    threshold_ =
        DecisionPolicy::derive(calibration, {.fpir = options_.fpir}, known_.size()).threshold(1.0);
  }

  std::vector<std::string> recognise(const cv::Mat& picture, double) override {
    const ImageView view = view_of(picture);
    std::vector<std::string> people;
    ++counts_.detections;
    for (const Face& face : must(detector_->detect(view, options_.min_face_px))) {
      ++counts_.faces;
      ++counts_.embeddings;
      const Template probe = must(embedder_->embed(view, face.landmarks));
      const std::pair<std::string, Template>* best = nullptr;
      Similarity highest = threshold_;
      for (const auto& known : known_) {
        const Similarity score = similarity(probe, known.second);
        if (score < highest) continue;
        highest = score;
        best = &known;
      }
      if (best != nullptr) people.push_back(best->first);
    }
    return people;
  }

  PipelineCounts counts() const override { return counts_; }

 private:
  static ImageView view_of(const cv::Mat& picture) {
    return {picture.data, picture.cols, picture.rows, picture.step[0]};
  }

  const PipelineOptions options_;
  std::unique_ptr<FaceDetector> detector_;
  std::unique_ptr<FaceEmbedder> embedder_;
  std::vector<std::pair<std::string, Template>> known_;
  Similarity threshold_{0.5F};
  PipelineCounts counts_;
};

}  // namespace

std::unique_ptr<Pipeline> make_opencv_every_frame(const PipelineOptions& options) {
  return std::make_unique<EveryFrame>(options);
}

}  // namespace maitred::bench
