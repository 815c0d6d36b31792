// An engine without pixels: a script says which faces a frame shows, and whose each is.
#pragma once

#include <atomic>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "maitred/eye/vision/align.h"
#include "maitred/eye/vision/load_engine.h"

namespace maitred::test {

constexpr int kTemplateLength = 8;

struct ScriptedFace {
  int person = 0;  // 0 to 7: two of them are as unlike as can be
  float x_px = 0.0F;
  float y_px = 0.0F;
  float width_px = 100.0F;
};

// What the two halves of the engine share, and what the test reads.
struct Script {
  std::vector<ScriptedFace> faces;  // of the present frame
  std::atomic<int> detected = 0;
  std::atomic<int> detected_in_part = 0;  // of these
  std::vector<int> embedded;              // persons, in order
  bool fail = false;
};

inline Face face_of(const ScriptedFace& scripted) {
  Face face;
  face.score = 0.9F;
  face.box = {scripted.x_px - scripted.width_px / 2.0F, scripted.y_px - scripted.width_px / 2.0F,
              scripted.width_px, scripted.width_px};
  const float scale = scripted.width_px / 128.0F;
  face.landmarks = retail_target().points;
  for (Point& point : face.landmarks) {
    point = {face.box.x_px + point.x_px * scale, face.box.y_px + point.y_px * scale};
  }
  return face;
}

class ScriptedDetector final : public FaceDetector {
 public:
  explicit ScriptedDetector(Script& script) : script_(script) {}
  Result<std::vector<Face>> detect(const ImageView&, int min_face_px) override {
    if (script_.fail) return environment_error("inference_failed", "the script fails");
    ++script_.detected;
    std::vector<Face> faces;
    for (const ScriptedFace& one : script_.faces) {
      if (one.width_px >= static_cast<float>(min_face_px)) faces.push_back(face_of(one));
    }
    return faces;
  }
  Result<std::vector<Face>> detect_within(const ImageView& image, const ImageArea& part,
                                          int min_face_px) override {
    MAITRED_ASSIGN(std::vector<Face> faces, detect(image, min_face_px));
    ++script_.detected_in_part;
    std::erase_if(faces, [&](const Face& face) {
      const Point centre = face.box.centre();
      return centre.x_px < static_cast<float>(part.x_px) ||
             centre.y_px < static_cast<float>(part.y_px) ||
             centre.x_px >= static_cast<float>(part.x_px + part.width_px) ||
             centre.y_px >= static_cast<float>(part.y_px + part.height_px);
    });
    return faces;
  }
  std::string backend() const override { return "script"; }

 private:
  Script& script_;
};

class ScriptedEmbedder final : public FaceEmbedder {
 public:
  explicit ScriptedEmbedder(Script& script) : script_(script) {}
  Result<Template> embed(const ImageView&, const Landmarks& landmarks) override {
    for (const ScriptedFace& one : script_.faces) {
      const Face face = face_of(one);
      // embed_photo also crops slightly shifted and scaled.
      const float near_px = 0.06F * face.box.width_px;
      if (std::abs(face.landmarks[0].x_px - landmarks[0].x_px) > near_px) continue;
      script_.embedded.push_back(one.person);
      std::vector<float> values(kTemplateLength, 0.05F);
      values[static_cast<std::size_t>(one.person)] = 1.0F;
      return Template(engine(), values);
    }
    return environment_error("inference_failed", "no face of the script is here");
  }
  const std::string& engine() const override {
    static const std::string name = "scripted";
    return name;
  }
  int template_length() const override { return kTemplateLength; }
  std::string backend() const override { return "script"; }

 private:
  Script& script_;
};

// `script` must outlive the engine.
inline Engine scripted_engine(Script& script) {
  Engine engine;
  engine.name = "scripted";
  engine.detector = std::make_unique<ScriptedDetector>(script);
  engine.embedder = std::make_unique<ScriptedEmbedder>(script);
  return engine;
}

}  // namespace maitred::test
