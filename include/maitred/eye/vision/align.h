// Alignment rotates, scales and moves a face so that its five landmarks lie where an embedding
// network expects them. Source: S. Umeyama, "Least-squares estimation of transformation parameters
// between two point patterns", PAMI 13(4), 1991.
#pragma once

#include "maitred/types/face.h"
#include "maitred/types/image.h"

namespace maitred {

// The places where a network expects the landmarks, in pixels of its input, ordered as in
// `Landmarks`.
struct AlignTarget {
  int width_px = 0;
  int height_px = 0;
  Landmarks points{};
};

// x' = a x - b y + tx, y' = b x + a y + ty: rotation, one scale, shift; never a reflection.
struct SimilarityTransform {
  float a = 1.0F;
  float b = 0.0F;
  float tx_px = 0.0F;
  float ty_px = 0.0F;

  Point apply(Point point) const {
    return {a * point.x_px - b * point.y_px + tx_px, b * point.x_px + a * point.y_px + ty_px};
  }
  // Target pixels a source pixel.
  float scale() const;
};

// Returns the least-squares similarity from `from` to `to`. Five points that coincide give a scale
// of 0. Pure.
SimilarityTransform fit_similarity(const Landmarks& from, const Landmarks& to);

// Returns the aligned crop: BGR, width x height of the target, dense rows, black outside the image.
// Faces much larger than the target are averaged down, not sampled. Points that do not span a face
// (coinciding, not finite) give a black crop. Requires a non-empty image. Pure; thread-safe.
Image align_face(const ImageView& image, const Landmarks& landmarks, const AlignTarget& target);

// The target of face-reidentification-retail-0095 (model card, Open Model Zoo): 128x128.
const AlignTarget& retail_target();
// The usual 112x112 target of ArcFace-type networks (InsightFace, OpenCV Zoo): SFace.
const AlignTarget& arcface_target();
// The target of the demo network: the whole face with its hair and chin, 64x64.
const AlignTarget& demo_target();

}  // namespace maitred
