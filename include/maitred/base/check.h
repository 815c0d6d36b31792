// MAITRED_CHECK ends the program when the program itself is wrong. Never for bad input.
#pragma once

#include <cstdio>
#include <cstdlib>

#define MAITRED_CHECK(condition)                                                              \
  do {                                                                                        \
    if (!(condition)) {                                                                       \
      std::fprintf(stderr, "%s:%d: bug: %s does not hold\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                           \
    }                                                                                         \
  } while (false)
