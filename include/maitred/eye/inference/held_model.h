// A model that was read into memory, for a process that may open no file any more.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "maitred/eye/inference/network.h"

namespace maitred {

// As load_network, with the bytes of an .onnx file. `name` stands in errors.
Result<std::unique_ptr<Network>> load_held_network(std::span<const std::uint8_t> onnx,
                                                   const std::string& name,
                                                   const NetworkOptions& options);

}  // namespace maitred
