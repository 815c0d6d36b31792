#include "maitred/eye/watch/photo_report.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "maitred/base/file.h"
#include "maitred/base/json.h"
#include "maitred/eye/vision/photo.h"
#include "maitred/eye/vision/photo_template.h"

namespace maitred {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "templates are sent little-endian");

double rounded(float value) { return std::round(static_cast<double>(value) * 1000.0) / 1000.0; }

json quality_json(const FaceQuality& quality) {
  return {{"size", rounded(quality.size)},
          {"sharpness", rounded(quality.sharpness)},
          {"light", rounded(quality.light)},
          {"pose", rounded(quality.pose)},
          {"overall", rounded(quality.overall)}};
}

json measures_json(const FaceMeasures& measures) {
  return {{"width_px", rounded(measures.width_px)},     {"sharpness", rounded(measures.sharpness)},
          {"mean_light", rounded(measures.mean_light)}, {"contrast", rounded(measures.contrast)},
          {"features", rounded(measures.features)},     {"yaw", rounded(measures.yaw)},
          {"pitch", rounded(measures.pitch)},           {"aspect", rounded(measures.aspect)},
          {"roll_deg", rounded(measures.roll_deg)}};
}

std::string template_text(const Template& values) {
  const auto bytes = std::as_bytes(values.values());
  return to_base64({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

tl::unexpected<Error> refused(PhotoFault fault) {
  return input_error(photo_fault_code(fault), std::string(photo_fault_message(fault)));
}

// Searches first for faces of at least this share of the longer side, then for smaller ones: a face
// that fills the photo is found best in a reduced picture, which also leaves out passers-by.
constexpr std::array<int, 2> kFacesAcross{24, 80};
constexpr int kSmallestFacePx = 20;

Result<std::vector<Face>> find_faces(FaceDetector& detector, const ImageView& image) {
  std::vector<Face> faces;
  for (const int across : kFacesAcross) {
    const int share_px = std::max(image.width_px, image.height_px) / across;
    MAITRED_ASSIGN(faces, detector.detect(image, std::max(kSmallestFacePx, share_px)));
    if (!faces.empty()) break;
  }
  return faces;
}

}  // namespace

Result<std::string> report_photo(Engine& engine, std::span<const std::uint8_t> bytes,
                                 Purpose purpose) {
  MAITRED_ASSIGN(const Image image, decode_photo(bytes));
  return report_image(engine, image.view, purpose);
}

Result<ImageGrade> grade_image(Engine& engine, const ImageView& image) {
  MAITRED_ASSIGN(const std::vector<Face> faces, find_faces(*engine.detector, image));
  const MainFace main = choose_main_face(faces, image, Purpose::kEnrol);
  ImageGrade grade;
  grade.fault = main.fault;
  if (main.fault) return grade;
  grade.face = faces[*main.index];
  const FaceMeasures measures = measure_face(image, *grade.face);
  grade.fault = enrolment_fault(measures);
  if (!grade.fault) grade.quality = grade_face(measures).overall;
  return grade;
}

Result<std::optional<Face>> main_face(Engine& engine, const ImageView& image) {
  MAITRED_ASSIGN(const std::vector<Face> faces, find_faces(*engine.detector, image));
  const MainFace main = choose_main_face(faces, image, Purpose::kProbe);
  if (!main.index) return std::nullopt;
  return faces[*main.index];
}

Result<std::string> report_image(Engine& engine, const ImageView& image, Purpose purpose) {
  MAITRED_ASSIGN(const std::vector<Face> faces, find_faces(*engine.detector, image));
  const MainFace main = choose_main_face(faces, image, purpose);
  if (main.fault) return refused(*main.fault);
  const Face& face = faces[*main.index];
  const FaceMeasures measures = measure_face(image, face);
  const std::optional<PhotoFault> fault = enrolment_fault(measures);
  if (fault && purpose == Purpose::kEnrol) return refused(*fault);

  json warnings = json::array();
  if (fault) warnings.push_back(photo_fault_message(*fault));
  if (purpose == Purpose::kProbe && choose_main_face(faces, image, Purpose::kEnrol).fault) {
    warnings.push_back("the photo shows several faces; the most prominent one is used");
  }
  MAITRED_ASSIGN(const Template probe, embed_photo(*engine.embedder, image, face));
  json live = nullptr;
  json liveness = nullptr;
  if (engine.liveness && purpose == Purpose::kProbe) {
    MAITRED_ASSIGN(const float score, engine.liveness->score(image, face));
    live = score >= kLiveFrom;
    liveness = score;
  }
  const json report = {{"engine", engine.embedder->engine()},
                       {"template", template_text(probe)},
                       {"faces", faces.size()},
                       {"box",
                        {rounded(face.box.x_px), rounded(face.box.y_px), rounded(face.box.width_px),
                         rounded(face.box.height_px)}},
                       {"quality", quality_json(grade_face(measures))},
                       {"measures", measures_json(measures)},
                       {"live", std::move(live)},
                       {"liveness", std::move(liveness)},
                       {"live_from", kLiveFrom},
                       {"warnings", std::move(warnings)}};
  return json_text(report);
}

std::string error_json(const Error& error) {
  return json_text({{"error",
                     {{"fault", static_cast<int>(error.fault)},
                      {"code", error.code},
                      {"message", error.message}}}});
}

}  // namespace maitred
