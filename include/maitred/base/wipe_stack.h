// What functions that have returned left on the stack.
#pragma once

namespace maitred {

// Overwrites the part of the stack below the caller that was used last: formatted messages, short
// strings, copies of arguments. For after an erasure.
void wipe_stack();

}  // namespace maitred
