#include "maitred/eye/vision/yunet.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>

#include "letterbox.h"
#include "maitred/base/file.h"
#include "maitred/eye/inference/held_model.h"

namespace maitred {
namespace {

constexpr std::array<int, 3> kStrides{8, 16, 32};
constexpr std::array<const char*, 4> kKinds{"cls", "obj", "bbox", "kps"};
constexpr std::array<int, 4> kValuesPerCell{1, 1, 4, 10};
// Number of input sizes kept ready. A camera needs one, photos need a few.
constexpr std::size_t kSizesKept = 2;

// Indices of the outputs of the network: [stride][kind].
using OutputMap = std::array<std::array<std::size_t, 4>, 3>;

std::size_t values_of(const std::vector<int>& shape) {
  std::size_t values = 1;
  for (const int side : shape) values *= static_cast<std::size_t>(std::max(side, 0));
  return values;
}

Result<OutputMap> map_outputs(const Network& network, InputSize size,
                              const std::filesystem::path& file) {
  OutputMap map{};
  for (std::size_t s = 0; s < kStrides.size(); ++s) {
    const auto cells = static_cast<std::size_t>(size.width_px / kStrides[s]) *
                       static_cast<std::size_t>(size.height_px / kStrides[s]);
    for (std::size_t k = 0; k < kKinds.size(); ++k) {
      const std::string name = fmt::format("{}_{}", kKinds[k], kStrides[s]);
      const auto& outputs = network.outputs();
      const auto found = std::find_if(outputs.begin(), outputs.end(),
                                      [&](const OutputInfo& info) { return info.name == name; });
      if (found == outputs.end() ||
          values_of(found->shape) != cells * static_cast<std::size_t>(kValuesPerCell[k])) {
        return environment_error(
            "model_invalid", fmt::format("{} is not a YuNet detector: its output {} is missing or "
                                         "has another shape; fetch the model again",
                                         file.filename().string(), name));
      }
      map[s][k] = static_cast<std::size_t>(found - outputs.begin());
    }
  }
  return map;
}

struct SizedNetwork {
  InputSize size;
  std::unique_ptr<Network> network;
  OutputMap outputs{};
};

class YunetDetector final : public FaceDetector {
 public:
  // `content` is the file's: a process that looks at pictures may not open it again.
  YunetDetector(std::filesystem::path file, std::vector<std::uint8_t> content,
                const YunetOptions& options)
      : file_(std::move(file)), content_(std::move(content)), options_(options) {}

  // All sizes use the backend that the tested, small input uses.
  Status test() {
    MAITRED_ASSIGN(const SizedNetwork* tested, network_for({320, 192}));
    options_.backend =
        tested->network->backend_name() == "onednn" ? Backend::kOneDnn : Backend::kOpenCv;
    options_.precision = tested->network->precision();
    networks_.clear();
    return {};
  }

  Result<SizedNetwork*> network_for(InputSize size) {
    const auto known = std::find_if(networks_.begin(), networks_.end(),
                                    [&](const SizedNetwork& one) { return one.size == size; });
    if (known != networks_.end()) return &*known;
    NetworkOptions network_options;
    network_options.backend = options_.backend;
    network_options.precision = options_.precision;
    network_options.input_shape = {1, 3, size.height_px, size.width_px};
    SizedNetwork made;
    made.size = size;
    MAITRED_ASSIGN(made.network,
                   load_held_network(content_, file_.filename().string(), network_options));
    MAITRED_ASSIGN(made.outputs, map_outputs(*made.network, size, file_));
    if (networks_.size() >= kSizesKept) networks_.erase(networks_.begin());
    networks_.push_back(std::move(made));
    return &networks_.back();
  }

  Result<std::vector<Face>> detect(const ImageView& image, int min_face_px) override {
    if (image.empty()) return std::vector<Face>{};
    const DetectionScale scale =
        choose_detection_scale({image.width_px, image.height_px}, min_face_px);
    MAITRED_ASSIGN(SizedNetwork * sized, network_for(scale.input));
    letterbox_.fill(image, scale.factor, scale.input.width_px, scale.input.height_px,
                    sized->network->input());
    MAITRED_TRY(sized->network->run());

    std::array<YunetStride, kStrides.size()> strides;
    for (std::size_t s = 0; s < kStrides.size(); ++s) {
      const auto output = [&](std::size_t kind) {
        return sized->network->output(sized->outputs[s][kind]);
      };
      strides[s] = {kStrides[s],
                    scale.input.width_px / kStrides[s],
                    scale.input.height_px / kStrides[s],
                    output(0),
                    output(1),
                    output(2),
                    output(3)};
    }
    std::vector<Face> faces =
        suppress_overlaps(decode_yunet(strides, options_.score_threshold), options_.nms_overlap);
    for (Face& face : faces) letterbox_.to_image(face);
    std::erase_if(faces, [&](const Face& face) {
      return face.box.width_px < static_cast<float>(min_face_px);
    });
    return faces;
  }

  std::string backend() const override {
    return options_.backend == Backend::kOneDnn ? "onednn" : "opencv";
  }

 private:
  const std::filesystem::path file_;
  const std::vector<std::uint8_t> content_;
  YunetOptions options_;
  std::vector<SizedNetwork> networks_;
  Letterbox letterbox_;
};

}  // namespace

DetectionScale choose_detection_scale(InputSize image, int min_face_px) {
  // The width in the input from which larger faces are neither found more reliably nor have better
  // landmarks.
  constexpr float kFaceInInputPx = 20.0F;
  // In practice larger inputs find no more faces, and miss faces that fill them.
  constexpr float kLongestInputPx = 1280.0F;
  const auto width = static_cast<float>(image.width_px);
  const auto height = static_cast<float>(image.height_px);
  float factor = std::min(1.0F, kFaceInInputPx / static_cast<float>(std::max(min_face_px, 1)));
  factor = std::min(factor, kLongestInputPx / std::max(width, height));
  const auto round_up = [](float side_px) {
    return std::max(1, static_cast<int>(std::ceil(side_px / 32.0F - 0.01F))) * 32;
  };
  DetectionScale scale;
  scale.input = {round_up(width * factor), round_up(height * factor)};
  // The border costs as much time as the picture, so the factor grows until the picture fills it.
  scale.factor = std::min({1.0F, static_cast<float>(scale.input.width_px) / width,
                           static_cast<float>(scale.input.height_px) / height});
  return scale;
}

std::vector<Face> decode_yunet(std::span<const YunetStride> strides, float score_threshold) {
  std::vector<Face> faces;
  const float square = score_threshold * score_threshold;
  for (const YunetStride& stride : strides) {
    const auto step = static_cast<float>(stride.stride_px);
    const auto columns = static_cast<std::size_t>(stride.columns);
    const std::size_t cells = columns * static_cast<std::size_t>(stride.rows);
    for (std::size_t cell = 0; cell < cells; ++cell) {
      const float product =
          std::clamp(stride.cls[cell], 0.0F, 1.0F) * std::clamp(stride.obj[cell], 0.0F, 1.0F);
      if (!(product >= square)) continue;
      const std::size_t rows_above = cell / columns;
      const auto column = static_cast<float>(cell % columns);
      const auto row = static_cast<float>(rows_above);
      const auto box = stride.bbox.subspan(cell * 4, 4);
      const auto points = stride.kps.subspan(cell * 10, 10);
      Face face;
      face.score = std::sqrt(product);
      face.box.width_px = std::exp(box[2]) * step;
      face.box.height_px = std::exp(box[3]) * step;
      face.box.x_px = (column + box[0]) * step - face.box.width_px / 2.0F;
      face.box.y_px = (row + box[1]) * step - face.box.height_px / 2.0F;
      for (std::size_t i = 0; i < face.landmarks.size(); ++i) {
        face.landmarks[i] = {(column + points[2 * i]) * step, (row + points[2 * i + 1]) * step};
      }
      const auto finite = [](const Box& b) {
        return std::isfinite(b.x_px) && std::isfinite(b.y_px) && std::isfinite(b.area_px2());
      };
      if (finite(face.box)) faces.push_back(face);
    }
  }
  return faces;
}

std::vector<Face> suppress_overlaps(std::vector<Face> faces, float max_overlap) {
  std::stable_sort(faces.begin(), faces.end(),
                   [](const Face& a, const Face& b) { return a.score > b.score; });
  std::vector<Face> kept;
  for (const Face& face : faces) {
    const bool hidden = std::any_of(kept.begin(), kept.end(), [&](const Face& better) {
      return overlap(better.box, face.box) > max_overlap;
    });
    if (!hidden) kept.push_back(face);
  }
  return kept;
}

Result<std::unique_ptr<FaceDetector>> make_yunet_detector(const std::filesystem::path& file,
                                                          const YunetOptions& options) {
  constexpr std::size_t kLargestFile_bytes = std::size_t{16} << 20U;
  MAITRED_ASSIGN(std::vector<std::uint8_t> content, read_file(file, kLargestFile_bytes));
  auto detector = std::make_unique<YunetDetector>(file, std::move(content), options);
  // Reports a wrong file, or wrong arithmetic on this processor, at start and not at the first
  // frame.
  MAITRED_TRY(detector->test());
  return detector;
}

}  // namespace maitred
