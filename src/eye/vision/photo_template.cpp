#include "maitred/eye/vision/photo_template.h"

#include <array>
#include <utility>
#include <vector>

namespace maitred {
namespace {

struct Jitter {
  float scale, right, down;  // shifts in face widths
};
constexpr std::array<Jitter, 7> kCrops{{{1.00F, 0.00F, 0.00F},
                                        {1.05F, 0.00F, 0.00F},
                                        {0.95F, 0.00F, 0.00F},
                                        {1.00F, 0.03F, 0.00F},
                                        {1.00F, -0.03F, 0.00F},
                                        {1.00F, 0.00F, 0.03F},
                                        {1.00F, 0.00F, -0.03F}}};

Landmarks moved(const Face& face, const Jitter& jitter) {
  const Point centre = face.box.centre();
  Landmarks points = face.landmarks;
  for (Point& point : points) {
    point.x_px =
        centre.x_px + (point.x_px - centre.x_px) * jitter.scale + jitter.right * face.box.width_px;
    point.y_px =
        centre.y_px + (point.y_px - centre.y_px) * jitter.scale + jitter.down * face.box.width_px;
  }
  return points;
}

}  // namespace

Result<Template> embed_photo(FaceEmbedder& embedder, const ImageView& image, const Face& face) {
  std::vector<Template> templates;
  std::vector<const Template*> pointers;
  templates.reserve(kCrops.size());
  for (const Jitter& jitter : kCrops) {
    MAITRED_ASSIGN(Template one, embedder.embed(image, moved(face, jitter)));
    templates.push_back(std::move(one));
    pointers.push_back(&templates.back());
  }
  return weighted_mean(pointers, std::vector<float>(templates.size(), 1.0F));
}

}  // namespace maitred
