// CRC-32 of IEEE 802.3 (reflected polynomial 0xEDB88320), as MCAP and zlib have it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace busbar::blackbox {

/// CRC of `bytes` more bytes after those that gave `crc` (0 = none). By carry-less multiplication where the processor has it
/// (V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", 2009), else sixteen tables
/// (M. Kounavis, F. Berry, "A Systematic Approach to Building High Performance Software-based CRC Generators", 2005).
uint32_t crc32(uint32_t crc, const void* data, size_t bytes);

/// The second way, which every processor can go.
uint32_t crc32_tables(uint32_t crc, const void* data, size_t bytes);

/// CRC of two pieces joined, from the CRC of each and the length of the second: the CRC of a file from those of its chunks,
/// without a second look at the bytes. About 60 multiplications modulo the polynomial.
uint32_t crc32_joined(uint32_t first, uint32_t second, uint64_t second_bytes);

}  // namespace busbar::blackbox
