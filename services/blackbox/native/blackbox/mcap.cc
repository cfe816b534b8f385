#include "mcap.h"

namespace busbar::blackbox::mcap {
namespace {

/// A record whose length is written when it is known.
class Record {
 public:
  Record(Bytes& out, Opcode opcode) : out_(out) {
    out_.put_number(static_cast<uint8_t>(opcode));
    length_at_ = out_.size();
    out_.put_number(uint64_t{0});
  }
  ~Record() { Bytes::store(out_.data() + length_at_, static_cast<uint64_t>(out_.size() - length_at_ - 8)); }
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

 private:
  Bytes& out_;
  size_t length_at_;
};

/// Byte length as u32, then the pairs.
class Map {
 public:
  explicit Map(Bytes& out) : out_(out), length_at_(out.size()) { out_.put_number(uint32_t{0}); }
  ~Map() { Bytes::store(out_.data() + length_at_, static_cast<uint32_t>(out_.size() - length_at_ - 4)); }
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

 private:
  Bytes& out_;
  size_t length_at_;
};

void put_texts(Bytes& out, const Texts& texts) {
  const Map map(out);
  for (const auto& [key, value] : texts) {
    out.put_text(key);
    out.put_text(value);
  }
}

}  // namespace

void put_header(Bytes& out, std::string_view profile, std::string_view library) {
  const Record record(out, kHeader);
  out.put_text(profile);
  out.put_text(library);
}

void put_schema(Bytes& out, uint16_t id, std::string_view name, std::string_view encoding, std::string_view data) {
  const Record record(out, kSchema);
  out.put_number(id);
  out.put_text(name);
  out.put_text(encoding);
  out.put_text(data);
}

void put_channel(Bytes& out, uint16_t id, uint16_t schema, std::string_view topic, std::string_view encoding,
                 const Texts& metadata) {
  const Record record(out, kChannel);
  out.put_number(id);
  out.put_number(schema);
  out.put_text(topic);
  out.put_text(encoding);
  put_texts(out, metadata);
}

void put_metadata(Bytes& out, std::string_view name, const Texts& texts) {
  const Record record(out, kMetadata);
  out.put_text(name);
  put_texts(out, texts);
}

void put_chunk_head(Bytes& out, uint64_t start_time, uint64_t end_time, uint64_t uncompressed_bytes, uint32_t crc,
                    std::string_view compression, uint64_t records_bytes) {
  out.put_number(static_cast<uint8_t>(kChunk));
  out.put_number(uint64_t{8 + 8 + 8 + 4 + 4 + 8} + compression.size() + records_bytes);
  out.put_number(start_time);
  out.put_number(end_time);
  out.put_number(uncompressed_bytes);
  out.put_number(crc);
  out.put_text(compression);
  out.put_number(records_bytes);
}

void put_chunk_index(Bytes& out, const ChunkIndex& index) {
  const Record record(out, kChunkIndex);
  out.put_number(index.start_time);
  out.put_number(index.end_time);
  out.put_number(index.offset);
  out.put_number(index.bytes);
  {
    const Map map(out);
    for (const auto& [channel, offset] : index.message_indexes) {
      out.put_number(channel);
      out.put_number(offset);
    }
  }
  out.put_number(index.message_index_bytes);
  out.put_text(index.compression);
  out.put_number(index.compressed_bytes);
  out.put_number(index.uncompressed_bytes);
}

void put_metadata_index(Bytes& out, const MetadataIndex& index) {
  const Record record(out, kMetadataIndex);
  out.put_number(index.offset);
  out.put_number(index.bytes);
  out.put_text(index.name);
}

void put_statistics(Bytes& out, const Statistics& statistics) {
  const Record record(out, kStatistics);
  out.put_number(statistics.messages);
  out.put_number(statistics.schemas);
  out.put_number(statistics.channels);
  out.put_number(uint32_t{0});  // attachments
  out.put_number(statistics.metadata);
  out.put_number(statistics.chunks);
  out.put_number(statistics.start_time);
  out.put_number(statistics.end_time);
  const Map map(out);
  for (size_t id = 0; id < statistics.channel_messages.size(); id++) {
    out.put_number(static_cast<uint16_t>(id));
    out.put_number(statistics.channel_messages[id]);
  }
}

void put_summary_offset(Bytes& out, uint8_t opcode, uint64_t start, uint64_t bytes) {
  const Record record(out, kSummaryOffset);
  out.put_number(opcode);
  out.put_number(start);
  out.put_number(bytes);
}

void put_data_end(Bytes& out, uint32_t data_crc) {
  const Record record(out, kDataEnd);
  out.put_number(data_crc);
}

void put_footer_head(Bytes& out, uint64_t summary_start, uint64_t summary_offset_start) {
  out.put_number(static_cast<uint8_t>(kFooter));
  out.put_number(uint64_t{20});
  out.put_number(summary_start);
  out.put_number(summary_offset_start);
}

}  // namespace busbar::blackbox::mcap
