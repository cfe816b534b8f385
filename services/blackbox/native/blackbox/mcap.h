// Records of an MCAP file (mcap.dev/spec, format 0), as bytes. Whoever calls keeps the order that the format asks for.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bytes.h"

namespace busbar::blackbox::mcap {

inline constexpr uint8_t kMagic[8] = {0x89, 'M', 'C', 'A', 'P', '0', '\r', '\n'};

enum Opcode : uint8_t {
  kHeader = 0x01,
  kFooter = 0x02,
  kSchema = 0x03,
  kChannel = 0x04,
  kMessage = 0x05,
  kChunk = 0x06,
  kMessageIndex = 0x07,
  kChunkIndex = 0x08,
  kStatistics = 0x0B,
  kMetadata = 0x0C,
  kMetadataIndex = 0x0D,
  kSummaryOffset = 0x0E,
  kDataEnd = 0x0F,
};

/// Opcode and length of a record.
inline constexpr size_t kRecordHeadBytes = 9;
/// Message without its data, head included: channel, sequence, log time, publish time.
inline constexpr size_t kMessageHeadBytes = kRecordHeadBytes + 22;
/// DataEnd and Footer are of fixed size.
inline constexpr size_t kFooterBytes = kRecordHeadBytes + 20;

using Texts = std::map<std::string, std::string>;

struct ChunkIndex {
  uint64_t start_time = 0, end_time = 0;
  uint64_t offset = 0, bytes = 0;
  /// Channel and file offset of its MessageIndex.
  std::vector<std::pair<uint16_t, uint64_t>> message_indexes;
  uint64_t message_index_bytes = 0;
  std::string_view compression;
  uint64_t compressed_bytes = 0, uncompressed_bytes = 0;
};

struct MetadataIndex {
  uint64_t offset = 0, bytes = 0;
  std::string name;
};

struct Statistics {
  uint64_t messages = 0;
  uint16_t schemas = 0;
  uint32_t channels = 0, metadata = 0, chunks = 0;
  uint64_t start_time = 0, end_time = 0;
  /// By channel id.
  std::vector<uint64_t> channel_messages;
};

void put_header(Bytes& out, std::string_view profile, std::string_view library);
void put_schema(Bytes& out, uint16_t id, std::string_view name, std::string_view encoding, std::string_view data);
void put_channel(Bytes& out, uint16_t id, uint16_t schema, std::string_view topic, std::string_view encoding,
                 const Texts& metadata);
void put_metadata(Bytes& out, std::string_view name, const Texts& texts);
/// Head and fields of a chunk up to its records, which follow.
void put_chunk_head(Bytes& out, uint64_t start_time, uint64_t end_time, uint64_t uncompressed_bytes, uint32_t crc,
                    std::string_view compression, uint64_t records_bytes);
void put_chunk_index(Bytes& out, const ChunkIndex& index);
void put_metadata_index(Bytes& out, const MetadataIndex& index);
void put_statistics(Bytes& out, const Statistics& statistics);
void put_summary_offset(Bytes& out, uint8_t opcode, uint64_t start, uint64_t bytes);
void put_data_end(Bytes& out, uint32_t data_crc);
/// Up to and without the CRC, which covers these bytes too.
void put_footer_head(Bytes& out, uint64_t summary_start, uint64_t summary_offset_start);

/// Writes a message's head and gives the place of its `bytes` of data.
inline uint8_t* put_message(Bytes& out, uint16_t channel, uint32_t sequence, uint64_t log_time, uint64_t publish_time,
                            uint32_t bytes) {
  uint8_t* const at = out.grow(kMessageHeadBytes + bytes);
  at[0] = kMessage;
  Bytes::store(at + 1, static_cast<uint64_t>(22) + bytes);
  Bytes::store(at + 9, channel);
  Bytes::store(at + 11, sequence);
  Bytes::store(at + 15, log_time);
  Bytes::store(at + 23, publish_time);
  return at + kMessageHeadBytes;
}

}  // namespace busbar::blackbox::mcap
