// dlib's frontal face detector (five HOG filters over an image pyramid, window 80x80) with its
// 68-point landmark model (V. Kazemi, J. Sullivan, CVPR 2014), reduced to five points.
#include "maitred/eye/vision/dlib_detector.h"

#include <dlib/image_processing.h>
#include <dlib/image_processing/frontal_face_detector.h>
#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "mat.h"

namespace maitred {
namespace {

using GreyImage = dlib::array2d<unsigned char>;

// The window of the detector is 80 px and its pyramid steps by 5/6, so that a face of 88 px always
// fits a step.
constexpr float kSafeFacePx = 88.0F;
constexpr float kMaxEnlargement = 2.0F;
constexpr double kMaxPixels = 2.0e6;  // of the searched image; bounds the time for a frame

GreyImage dlib_image(const cv::Mat& grey) {
  GreyImage image(grey.rows, grey.cols);
  for (int y = 0; y < grey.rows; ++y) {
    std::memcpy(&image[y][0], grey.ptr(y), static_cast<std::size_t>(grey.cols));
  }
  return image;
}

float search_scale(const ImageView& image, int min_face_px) {
  const float wanted = kSafeFacePx / static_cast<float>(std::max(1, min_face_px));
  const double pixels = static_cast<double>(image.width_px) * image.height_px;
  const auto affordable = static_cast<float>(std::sqrt(kMaxPixels / pixels));
  return std::min({wanted, kMaxEnlargement, affordable});
}

// The mean of the landmarks `from` to `to` - 1.
Point mean_part(const dlib::full_object_detection& shape, unsigned long from, unsigned long to) {
  Point sum;
  for (unsigned long i = from; i < to; ++i) {
    sum.x_px += static_cast<float>(shape.part(i).x());
    sum.y_px += static_cast<float>(shape.part(i).y());
  }
  const auto count = static_cast<float>(to - from);
  return {sum.x_px / count, sum.y_px / count};
}

// Numbers of the 68-point scheme: eyes 36-41 and 42-47, nose tip 30, mouth corners 48 and 54.
Landmarks five_points(const dlib::full_object_detection& shape) {
  return {{mean_part(shape, 36, 42), mean_part(shape, 42, 48), mean_part(shape, 30, 31),
           mean_part(shape, 48, 49), mean_part(shape, 54, 55)}};
}

// The detector's box may be a third too large, for example if it includes a beard. The landmark
// model starts from the box and then puts the mouth on the chin, but still finds the eyes. So a new
// box is placed around the eyes, with the proportions that the model was trained on. The model runs
// from several boxes near it, and the median of the answers is used.
constexpr double kBoxWidths = 2.33;  // width of the box, in eye distances
constexpr double kEyeLine = 0.285;   // place of the eyes below the top, in box heights

constexpr std::array<std::array<double, 3>, 7> kStarts = {{{0.0, 0.0, 1.0},  // shift x, y, scale
                                                           {0.03, 0.02, 0.95},
                                                           {-0.03, -0.02, 1.06},
                                                           {-0.03, 0.02, 0.97},
                                                           {0.03, -0.02, 1.03},
                                                           {0.0, 0.04, 1.04},
                                                           {0.0, -0.04, 0.96}}};

dlib::rectangle box_around_eyes(const dlib::rectangle& found, const Landmarks& points) {
  const double dx = points[1].x_px - points[0].x_px;
  const double dy = points[1].y_px - points[0].y_px;
  const auto found_width = static_cast<double>(found.width());
  const double width = kBoxWidths * std::hypot(dx, dy);
  if (width < 0.6 * found_width || width > 1.4 * found_width) return found;
  const double eyes_x = (points[0].x_px + points[1].x_px) / 2.0;
  const double eyes_y = (points[0].y_px + points[1].y_px) / 2.0;
  const auto side = static_cast<unsigned long>(std::lround(width));
  return dlib::centered_rect(std::lround(eyes_x), std::lround(eyes_y + (0.5 - kEyeLine) * width),
                             side, side);
}

dlib::rectangle start_box(const dlib::rectangle& box, const std::array<double, 3>& start) {
  const auto width = static_cast<double>(box.width());
  const auto height = static_cast<double>(box.height());
  return dlib::centered_rect(
      std::lround(static_cast<double>(box.left()) + width * (0.5 + start[0])),
      std::lround(static_cast<double>(box.top()) + height * (0.5 + start[1])),
      static_cast<unsigned long>(std::lround(width * start[2])),
      static_cast<unsigned long>(std::lround(height * start[2])));
}

Landmarks middle_of(const std::array<Landmarks, kStarts.size()>& answers) {
  Landmarks middle;
  for (std::size_t point = 0; point < middle.size(); ++point) {
    std::array<float, kStarts.size()> x{};
    std::array<float, kStarts.size()> y{};
    for (std::size_t i = 0; i < answers.size(); ++i) {
      x[i] = answers[i][point].x_px;
      y[i] = answers[i][point].y_px;
    }
    std::nth_element(x.begin(), x.begin() + x.size() / 2, x.end());
    std::nth_element(y.begin(), y.begin() + y.size() / 2, y.end());
    middle[point] = {x[x.size() / 2], y[y.size() / 2]};
  }
  return middle;
}

// Drops boxes that were placed around the same eyes. Requires the best first.
std::vector<Face> without_duplicates(const std::vector<Face>& faces) {
  std::vector<Face> kept;
  for (const Face& face : faces) {
    const bool known = std::any_of(kept.begin(), kept.end(), [&](const Face& better) {
      return overlap(better.box, face.box) > 0.5F;
    });
    if (!known) kept.push_back(face);
  }
  return kept;
}

class DlibFaceDetector final : public FaceDetector {
 public:
  explicit DlibFaceDetector(dlib::shape_predictor landmarks)
      : detector_(dlib::get_frontal_face_detector()), landmarks_(std::move(landmarks)) {}

  Result<std::vector<Face>> detect(const ImageView& image, int min_face_px) override {
    if (image.empty()) return std::vector<Face>{};
    try {
      return find(image, min_face_px);
    } catch (const std::exception& failure) {
      return environment_error("inference_failed",
                               fmt::format("dlib's face detector failed: {}", failure.what()));
    }
  }
  std::string backend() const override { return "dlib"; }

 private:
  std::vector<Face> find(const ImageView& image, int min_face_px) {
    cv::Mat grey;
    cv::cvtColor(mat_of(image), grey, cv::COLOR_BGR2GRAY);
    const float scale = search_scale(image, min_face_px);
    cv::Mat searched = grey;
    if (std::abs(scale - 1.0F) > 0.02F) {
      const int method = scale < 1.0F ? cv::INTER_AREA : cv::INTER_LINEAR;
      cv::resize(grey, searched, cv::Size(), scale, scale, method);
    }
    const double ratio_x = static_cast<double>(grey.cols) / searched.cols;
    const double ratio_y = static_cast<double>(grey.rows) / searched.rows;
    std::vector<dlib::rect_detection> found;
    detector_(dlib_image(searched), found);
    const GreyImage full = dlib_image(grey);
    std::vector<Face> faces;
    for (const dlib::rect_detection& one : found) {
      const dlib::rectangle box(std::lround(static_cast<double>(one.rect.left()) * ratio_x),
                                std::lround(static_cast<double>(one.rect.top()) * ratio_y),
                                std::lround(static_cast<double>(one.rect.right()) * ratio_x),
                                std::lround(static_cast<double>(one.rect.bottom()) * ratio_y));
      const Face face = face_in(full, box, one.detection_confidence);
      if (face.box.width_px >= static_cast<float>(min_face_px)) faces.push_back(face);
    }
    std::sort(faces.begin(), faces.end(),
              [](const Face& a, const Face& b) { return a.score > b.score; });
    return without_duplicates(faces);
  }

  Face face_in(const GreyImage& image, const dlib::rectangle& found, double confidence) const {
    const dlib::rectangle box = box_around_eyes(found, five_points(landmarks_(image, found)));
    std::array<Landmarks, kStarts.size()> answers;
    for (std::size_t i = 0; i < kStarts.size(); ++i) {
      answers[i] = five_points(landmarks_(image, start_box(box, kStarts[i])));
    }
    Face face;
    face.box = {static_cast<float>(box.left()), static_cast<float>(box.top()),
                static_cast<float>(box.width()), static_cast<float>(box.height())};
    face.landmarks = middle_of(answers);
    // dlib's confidence is the distance of an SVM: 0 at the boundary, about 1 to 3 for clear faces.
    face.score = static_cast<float>(1.0 / (1.0 + std::exp(-2.0 * confidence)));
    return face;
  }

  dlib::frontal_face_detector detector_;
  dlib::shape_predictor landmarks_;
};

}  // namespace

Result<std::unique_ptr<FaceDetector>> make_dlib_detector(
    const std::filesystem::path& landmarks_model) {
  std::error_code unseen;
  if (!std::filesystem::is_regular_file(landmarks_model, unseen)) {
    return environment_error("model_missing",
                             fmt::format("no landmark model at {}; install Debian's libdlib-data",
                                         landmarks_model.string()));
  }
  const auto invalid = [&](const std::string& why) {
    return environment_error("model_invalid",
                             fmt::format("{} is not dlib's 68-point landmark model: {}; reinstall "
                                         "libdlib-data",
                                         landmarks_model.string(), why));
  };
  try {
    dlib::shape_predictor landmarks;
    dlib::deserialize(landmarks_model.string()) >> landmarks;
    if (landmarks.num_parts() != 68) return invalid("it does not have 68 points");
    return std::make_unique<DlibFaceDetector>(std::move(landmarks));
  } catch (const std::exception& failure) {
    return invalid(failure.what());
  }
}

}  // namespace maitred
