// The template of a photo. A photo has no second frame but is not urgent: the face is cropped
// several times, slightly shifted and scaled, and the templates are averaged. This evens out the
// errors of the landmarks.
#pragma once

#include "maitred/base/result.h"
#include "maitred/eye/vision/engine.h"
#include "maitred/types/face.h"
#include "maitred/types/image.h"
#include "maitred/types/template.h"

namespace maitred {

// Averages seven crops: unchanged, 5 % larger and smaller, and shifted by 3 % of the face width to
// each side. Requires a non-empty image. Errors: inference_failed.
Result<Template> embed_photo(FaceEmbedder& embedder, const ImageView& image, const Face& face);

}  // namespace maitred
