// A file of dlib's face ResNet with made-up weights, for tests and for measuring speed: the
// arithmetic is that of the real one. Private to this module.
#pragma once

#include <filesystem>

#include "maitred/base/result.h"

namespace maitred {

// Error: file_unwritable.
Status write_untrained_resnet(const std::filesystem::path& file);

}  // namespace maitred
