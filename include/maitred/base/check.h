// MAITRED_CHECK ends the program on a bug. It must never depend on input.
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
