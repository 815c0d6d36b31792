// One convolution with numbers of 8 and of 32 bits, in oneDNN.
#pragma once

namespace maitred::bench {

void register_int8();

}  // namespace maitred::bench
