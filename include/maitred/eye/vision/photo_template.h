// The template of a photo. A photo is looked at once and with time to spare, a frame of a film is
// not: so the face is cut out several times, a little shifted and scaled, and the templates
// averaged, which evens out the errors of the landmarks.
#pragma once

#include "maitred/base/result.h"
#include "maitred/eye/vision/engine.h"
#include "maitred/types/face.h"
#include "maitred/types/image.h"
#include "maitred/types/template.h"

namespace maitred {

// Seven looks: as it is; 5 % larger and smaller; 3 % of the face's width to each side. Requires a
// non-empty image. Errors: inference_failed.
Result<Template> embed_photo(FaceEmbedder& embedder, const ImageView& image, const Face& face);

}  // namespace maitred
