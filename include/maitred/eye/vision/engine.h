// The two things an engine does, behind one interface each. Which classes implement them is known
// only to vision/load_engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/types/face.h"
#include "maitred/types/image.h"
#include "maitred/types/template.h"

namespace maitred {

// Finds faces. Bound to one thread (buffers are reused from call to call).
class FaceDetector {
 public:
  virtual ~FaceDetector() = default;
  // Faces at least `min_face_px` wide, best score first, without duplicates. Boxes may reach
  // outside the image. Errors: inference_failed.
  virtual Result<std::vector<Face>> detect(const ImageView& image, int min_face_px) = 0;
  // The same in a part of the image only; faces are in pixels of the whole. Requires a part inside
  // the image.
  virtual Result<std::vector<Face>> detect_within(const ImageView& image, const ImageArea& part,
                                                  int min_face_px);
  // What computes it: "onednn", "opencv", "dlib".
  virtual std::string backend() const { return "dlib"; }
};

// Turns an aligned face into a template. Bound to one thread.
class FaceEmbedder {
 public:
  virtual ~FaceEmbedder() = default;
  // Errors: inference_failed.
  virtual Result<Template> embed(const ImageView& image, const Landmarks& landmarks) = 0;
  virtual const std::string& engine() const = 0;
  virtual int template_length() const = 0;
  // As that of a detector.
  virtual std::string backend() const { return "dlib"; }
};

}  // namespace maitred
