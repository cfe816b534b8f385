// Included once per instruction set, with ECS_TARGET saying which: plain loops that compilers turn into vectors.
// No include guard and no includes on purpose: everything here belongs to the file around it.

namespace busbar::ecs {
namespace {

/// 0xFF or 0 per byte to one bit per byte.
ECS_TARGET inline void pack(const uint8_t* hits, uint64_t* mask) {
  for (uint32_t word = 0; word < kBlockWords; word++) {
    uint64_t bits = 0;
#if defined(__SSE2__)
    for (uint32_t part = 0; part < 4; part++) {
      const __m128i bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(hits + word * 64 + part * 16));
      bits |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(bytes))) << (part * 16);
    }
#else
    for (uint32_t part = 0; part < 8; part++) {
      uint64_t bytes;
      std::memcpy(&bytes, hits + word * 64 + part * 8, 8);
      // Each byte's lowest bit travels to the top byte by a distance of its own.
      bits |= (((bytes & 0x0101010101010101ull) * 0x0102040810204080ull) >> 56) << (part * 8);
    }
#endif
    mask[word] = bits;
  }
}

template <typename T>
ECS_TARGET void between(const void* data, uint32_t rows, uint64_t low_bits, uint64_t high_bits, uint64_t* mask) {
  T low, high;
  std::memcpy(&low, &low_bits, sizeof low);
  std::memcpy(&high, &high_bits, sizeof high);
  const T* values = static_cast<const T*>(data);
  alignas(64) uint8_t hits[kBlockRows];
  if (rows < kBlockRows) std::memset(hits + rows, 0, kBlockRows - rows);
  for (uint32_t i = 0; i < rows; i++) {
    hits[i] = static_cast<uint8_t>(-static_cast<int>((values[i] >= low) & (values[i] <= high)));
  }
  pack(hits, mask);
}

template <typename T>
ECS_TARGET void equal(const void* data, uint32_t rows, uint64_t bits, uint64_t* mask) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  const T* values = static_cast<const T*>(data);
  alignas(64) uint8_t hits[kBlockRows];
  if (rows < kBlockRows) std::memset(hits + rows, 0, kBlockRows - rows);
  for (uint32_t i = 0; i < rows; i++) hits[i] = static_cast<uint8_t>(-static_cast<int>(values[i] == value));
  pack(hits, mask);
}

constexpr Kernels kKernels = {
    {nullptr, between<int8_t>, between<int16_t>, between<int32_t>, between<int64_t>, between<uint8_t>,
     between<uint16_t>, between<uint32_t>, between<uint64_t>, between<float>, between<double>, between<uint32_t>,
     between<uint64_t>, nullptr},
    {nullptr, equal<int8_t>, equal<int16_t>, equal<int32_t>, equal<int64_t>, equal<uint8_t>, equal<uint16_t>,
     equal<uint32_t>, equal<uint64_t>, nullptr, nullptr, equal<uint32_t>, equal<uint64_t>, nullptr}};

}  // namespace
}  // namespace busbar::ecs
