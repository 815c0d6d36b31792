// Does a face move as a living one does? A still picture of a face, however it is held, turned or
// carried, shows the same pixels again once it is aligned; a living face blinks, looks about,
// speaks, turns. A film on a screen moves like a face: this cue says nothing about those.
#pragma once

#include <memory>

#include "maitred/types/face.h"
#include "maitred/types/image.h"

namespace maitred {

// Frames of one person in order. Thread-compatible.
class FaceMotion {
 public:
  FaceMotion();
  ~FaceMotion();
  FaceMotion(FaceMotion&&) noexcept;
  FaceMotion& operator=(FaceMotion&&) noexcept;

  // How much the face differs from that of the first frame when one has been laid over the other
  // as well as an affine map can: 1 less their correlation, 0 to 2; 0 for the first frame.
  // Registration: G. Evangelidis, E. Psarakis, "Parametric image alignment using enhanced
  // correlation coefficient maximization", PAMI 30(10), 2008. Requires a non-empty image.
  float change(const ImageView& image, const Face& face);

 private:
  struct Reference;
  std::unique_ptr<Reference> first_;
};

}  // namespace maitred
