#include "kernels.h"

#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define ECS_TARGET
#include "kernels_body.h"

namespace busbar::ecs {

#if defined(ECS_AVX2)
const Kernels& avx2_kernels();
#endif

const Kernels& portable_kernels() { return kKernels; }

const Kernels& kernels() {
#if defined(ECS_AVX2)
  static const Kernels& best = __builtin_cpu_supports("avx2") ? avx2_kernels() : kKernels;
  return best;
#else
  return kKernels;
#endif
}

}  // namespace busbar::ecs
