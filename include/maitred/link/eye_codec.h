// Encodes and decodes an eye's messages. src/link/PROTOCOL.md has the layout, byte by byte.
// Little-endian, versioned, every length and number checked. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "maitred/base/result.h"
#include "maitred/base/secret.h"
#include "maitred/types/sighting.h"

namespace maitred {

inline constexpr std::size_t kEyeMessageLimitBytes = 16 * 1024;
inline constexpr std::size_t kEyeNameLimitBytes = 64;   // camera, engine
inline constexpr std::size_t kEyeNoteLimitBytes = 256;  // EyeHealth::note
inline constexpr std::uint32_t kTemplateLimit = 2048;   // floats

// The message as one datagram; it wipes itself, for it may hold a template. A note that is too long
// is cut at a character, and what is not UTF-8 or printable in it becomes '?'. Error:
// bad_eye_message (kInput) for anything decode would refuse.
Result<WipedVector<std::uint8_t>> encode(const EyeMessage& message);

// The inverse. Accepts: camera and engine 1 to 64 bytes, UTF-8 without control characters; times
// from 1970 to 9999; positions 0 to ten years; finite numbers; box coordinates within +-1e6 px;
// quality 0 to 1; fps 0 to 10000; 1 to 2048 template values, each within +-1.001, with a
// sum of squares of about 1. Nothing may follow. Error: bad_eye_message (kInput), which says what
// is wrong.
Result<EyeMessage> decode(std::span<const std::uint8_t> bytes);

}  // namespace maitred
