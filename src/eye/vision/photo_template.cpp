#include "maitred/eye/vision/photo_template.h"

#include <array>
#include <utility>
#include <vector>

namespace maitred {
namespace {

struct Jitter {
  float scale, right, down;  // shifts are shares of the face's width
};
constexpr std::array<Jitter, 7> kLooks{{{1.00F, 0.00F, 0.00F},
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
  std::vector<Template> looks;
  std::vector<const Template*> pointers;
  looks.reserve(kLooks.size());
  for (const Jitter& jitter : kLooks) {
    MAITRED_ASSIGN(Template look, embedder.embed(image, moved(face, jitter)));
    looks.push_back(std::move(look));
    pointers.push_back(&looks.back());
  }
  return weighted_mean(pointers, std::vector<float>(looks.size(), 1.0F));
}

}  // namespace maitred
