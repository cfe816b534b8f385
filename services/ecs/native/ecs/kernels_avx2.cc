// The same loops for processors with AVX2, chosen when the program runs. Comparisons only, so the bits cannot differ.
#include "kernels.h"

#if defined(ECS_AVX2)
#include <emmintrin.h>

#include <cstring>

#define ECS_TARGET __attribute__((target("avx2")))
#include "kernels_body.h"

namespace busbar::ecs {

const Kernels& avx2_kernels();
const Kernels& avx2_kernels() { return kKernels; }

}  // namespace busbar::ecs
#endif
