// The interfaces of the two parts of an engine. Only vision/load_engine knows the classes that
// implement them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "maitred/base/result.h"
#include "maitred/types/face.h"
#include "maitred/types/image.h"
#include "maitred/types/template.h"

namespace maitred {

// Finds faces. Bound to one thread, as calls share buffers.
class FaceDetector {
 public:
  virtual ~FaceDetector() = default;
  // Returns faces at least `min_face_px` wide, best score first, without duplicates. Boxes may
  // reach outside the image. Errors: inference_failed.
  virtual Result<std::vector<Face>> detect(const ImageView& image, int min_face_px) = 0;
  // Searches a part of the image only; the faces are in pixels of the whole. Requires a part inside
  // the image.
  virtual Result<std::vector<Face>> detect_within(const ImageView& image, const ImageArea& part,
                                                  int min_face_px);
  // The library that computes it: "onednn", "opencv" or "dlib".
  virtual std::string backend() const = 0;
};

// Turns an aligned face into a template. Bound to one thread.
class FaceEmbedder {
 public:
  virtual ~FaceEmbedder() = default;
  // Errors: inference_failed.
  virtual Result<Template> embed(const ImageView& image, const Landmarks& landmarks) = 0;
  virtual const std::string& engine() const = 0;
  virtual int template_length() const = 0;
  // The library that computes it: "onednn" or "opencv".
  virtual std::string backend() const = 0;
};

}  // namespace maitred
