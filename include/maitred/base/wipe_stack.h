// Wipes what functions that have returned left on the stack.
#pragma once

namespace maitred {

// Overwrites the part of the stack below the caller: formatted messages, short strings, copies of
// arguments. Used after an erasure.
void wipe_stack();

}  // namespace maitred
