// Tells a still picture of a face from a live face by its movement. A picture shows the same pixels
// after alignment, however it is held, turned or carried. A live face blinks, speaks and turns. A
// film on a screen moves like a live face and is not detected by this cue.
#pragma once

#include <memory>

#include "maitred/types/face.h"
#include "maitred/types/image.h"

namespace maitred {

// Takes the frames of one person in order. Thread-compatible.
class FaceMotion {
 public:
  FaceMotion();
  ~FaceMotion();
  FaceMotion(FaceMotion&&) noexcept;
  FaceMotion& operator=(FaceMotion&&) noexcept;

  // Returns how much the face differs from the first frame after the best affine registration: 1
  // minus the correlation, 0 to 2; 0 for the first frame.
  // Registration: G. Evangelidis, E. Psarakis, "Parametric image alignment using enhanced
  // correlation coefficient maximization", PAMI 30(10), 2008. Requires a non-empty image.
  float change(const ImageView& image, const Face& face);

 private:
  struct Reference;
  std::unique_ptr<Reference> first_;
};

}  // namespace maitred
