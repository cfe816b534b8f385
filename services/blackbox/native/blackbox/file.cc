#include "file.h"

#include <zstd.h>

#include <cerrno>

#include "crc32.h"

namespace busbar::blackbox {
namespace {

constexpr int kZstdLevel = 1;
/// Bytes that are worth telling the disk of; whole pages, so that none is written twice.
constexpr uint64_t kStartBytes = 1 << 20, kPageBytes = 4096;
constexpr std::string_view kZstd = "zstd", kNone = "";

iovec piece(const Bytes& bytes) { return {const_cast<uint8_t*>(bytes.data()), bytes.size()}; }

}  // namespace

void RecordingFile::FreeContext::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

RecordingFile::RecordingFile(const Settings& settings, Disk& disk)
    : settings_(settings), disk_(disk), journal_(disk), tally_(disk), zstd_(settings.zstd ? ZSTD_createCCtx() : nullptr) {}

RecordingFile::~RecordingFile() { abandon(); }

void RecordingFile::abandon() {
  journal_.abandon();
  tally_.abandon();
  if (file_ >= 0) disk_.close(file_);
  file_ = -1;
}

int RecordingFile::open(const std::string& path, const mcap::Texts& about, const std::vector<Type>& types) {
  const int file = disk_.create(path);
  if (file < 0) return file;
  head_.clear();
  head_.put(mcap::kMagic, sizeof mcap::kMagic);
  mcap::put_header(head_, "busbar", kLibrary);
  metadata_indexes_.clear();
  const size_t from = head_.size();
  mcap::put_metadata(head_, "busbar.recording", about);
  metadata_indexes_.push_back({from, head_.size() - from, "busbar.recording"});
  const iovec all = piece(head_);
  int result = disk_.write_at(file, 0, &all, 1);
  if (result == 0 && settings_.sync != Sync::never) result = disk_.sync_folder(settings_.dir);
  if (result == 0 && settings_.journal) result = journal_.open(path + ".journal");
  if (result < 0) {
    disk_.close(file);
    disk_.remove(path);  // it is ours and holds nothing
    return result;
  }
  tally_.open(path + ".tally", types);  // without it a kill is told of less exactly
  file_ = file;
  path_ = path;
  offset_ = head_.size();
  started_ = 0;
  data_crc_ = crc32(0, head_.data(), head_.size());
  statistics_ = {};
  chunk_indexes_.clear();
  return 0;
}

int RecordingFile::compress(const Chunk& chunk) {
  compressed_.clear();
  const size_t bound = ZSTD_compressBound(chunk.records.size());
  uint8_t* const to = compressed_.grow(bound);
  const size_t size =
      zstd_ == nullptr
          ? 0
          : ZSTD_compressCCtx(zstd_.get(), to, bound, chunk.records.data(), chunk.records.size(), kZstdLevel);
  if (zstd_ == nullptr || ZSTD_isError(size)) return -ENOMEM;  // its only error on sound arguments
  compressed_.cut(size);
  return 0;
}

int RecordingFile::write(const Chunk& chunk, bool sync, uint64_t& at) {
  if (settings_.zstd) {
    if (const int result = compress(chunk); result < 0) return result;
  }
  const Bytes& stored = settings_.zstd ? compressed_ : chunk.records;
  const uint32_t crc = crc32(0, chunk.records.data(), chunk.records.size());

  head_.clear();
  head_.put(chunk.before.data(), chunk.before.size());
  const size_t chunk_at = head_.size();
  mcap::put_chunk_head(head_, chunk.start_time, chunk.end_time, chunk.records.size(), crc, settings_.zstd ? kZstd : kNone,
                       stored.size());

  mcap::ChunkIndex index;
  index.start_time = chunk.start_time;
  index.end_time = chunk.end_time;
  index.offset = offset_ + chunk_at;
  index.bytes = head_.size() - chunk_at + stored.size();
  index.compression = settings_.zstd ? kZstd : kNone;
  index.compressed_bytes = stored.size();
  index.uncompressed_bytes = chunk.records.size();

  tail_.clear();
  const uint64_t indexes_at = index.offset + index.bytes;
  index.message_indexes.reserve(chunk.channels.size());
  for (const Channel* channel : chunk.channels) {
    index.message_indexes.emplace_back(channel->id, indexes_at + tail_.size());
    tail_.put_number(static_cast<uint8_t>(mcap::kMessageIndex));
    tail_.put_number(uint64_t{2 + 4} + channel->index.size());
    tail_.put_number(channel->id);
    tail_.put_number(static_cast<uint32_t>(channel->index.size()));
    tail_.put(channel->index.data(), channel->index.size());
  }
  index.message_index_bytes = tail_.size();

  const iovec pieces[] = {piece(head_), piece(stored), piece(tail_)};
  if (const int result = disk_.write_at(file_, offset_, pieces, 3); result < 0) return result;
  // A failed sync may have thrown pages away: then the same bytes are written again, which makes them dirty again.
  if (sync) {
    if (const int result = disk_.sync(file_); result < 0) return result;
  }

  data_crc_ = crc32(data_crc_, head_.data(), head_.size());
  data_crc_ = settings_.zstd ? crc32(data_crc_, stored.data(), stored.size())
                             : crc32_joined(data_crc_, crc, stored.size());
  data_crc_ = crc32(data_crc_, tail_.data(), tail_.size());
  offset_ += head_.size() + stored.size() + tail_.size();
  at = index.offset;
  if (statistics_.messages == 0) {
    statistics_.start_time = chunk.start_time;
    statistics_.end_time = chunk.end_time;
  }
  statistics_.start_time = std::min(statistics_.start_time, chunk.start_time);
  statistics_.end_time = std::max(statistics_.end_time, chunk.end_time);
  statistics_.messages += chunk.messages;
  statistics_.chunks++;
  chunk_indexes_.push_back(std::move(index));
  start_writing();
  return 0;
}

/// A sync at the end of a turn or file would otherwise wait for all of it; the disk can have most of it by then. Without syncs the
/// kernel would begin after seconds, and a long stream would end at the speed of the disk alone.
void RecordingFile::start_writing() {
  if (settings_.sync == Sync::chunk || offset_ - started_ < kStartBytes) return;
  const uint64_t end = offset_ / kPageBytes * kPageBytes;
  disk_.start(file_, started_, end - started_);
  started_ = end;
}

void RecordingFile::put_summary(Bytes& out, Channels& channels, const std::vector<mcap::MetadataIndex>& more) {
  struct Group {
    uint8_t opcode;
    size_t from, to;
  };
  std::vector<Group> groups;
  const size_t summary_from = out.size();
  const uint64_t base = offset_;
  const auto group = [&](uint8_t opcode, auto put) {
    const size_t from = out.size();
    put();
    if (out.size() > from) groups.push_back({opcode, from, out.size()});
  };
  group(mcap::kSchema, [&] { out.put(channels.schema_records().data(), channels.schema_records().size()); });
  group(mcap::kChannel, [&] { out.put(channels.channel_records().data(), channels.channel_records().size()); });
  statistics_.schemas = channels.schemas();
  statistics_.channels = static_cast<uint32_t>(channels.all().size());
  statistics_.metadata = static_cast<uint32_t>(metadata_indexes_.size() + more.size());
  statistics_.channel_messages.clear();
  for (const Channel& channel : channels.all()) statistics_.channel_messages.push_back(channel.messages);
  group(mcap::kStatistics, [&] { mcap::put_statistics(out, statistics_); });
  group(mcap::kChunkIndex, [&] {
    for (const mcap::ChunkIndex& index : chunk_indexes_) mcap::put_chunk_index(out, index);
  });
  group(mcap::kMetadataIndex, [&] {
    for (const mcap::MetadataIndex& index : metadata_indexes_) mcap::put_metadata_index(out, index);
    for (const mcap::MetadataIndex& index : more) mcap::put_metadata_index(out, index);
  });
  const size_t offsets_from = out.size();
  for (const Group& entry : groups) mcap::put_summary_offset(out, entry.opcode, base + entry.from, entry.to - entry.from);
  mcap::put_footer_head(out, base + summary_from, base + offsets_from);
  out.put_number(crc32(0, out.data() + summary_from, out.size() - summary_from));
  out.put(mcap::kMagic, sizeof mcap::kMagic);
}

int RecordingFile::finish(Channels& channels, const mcap::Texts& turns, const mcap::Texts& account,
             const mcap::Texts& sources, bool sync) {
  Bytes out;
  std::vector<mcap::MetadataIndex> more;
  const auto metadata = [&](const char* name, const mcap::Texts& texts) {
    const size_t from = out.size();
    mcap::put_metadata(out, name, texts);
    more.push_back({offset_ + from, out.size() - from, name});
  };
  metadata("busbar.turns", turns);
  metadata("busbar.account", account);
  if (!sources.empty()) metadata("busbar.sources", sources);
  mcap::put_data_end(out, crc32(data_crc_, out.data(), out.size()));
  put_summary(out, channels, more);
  const iovec all = piece(out);
  if (const int result = disk_.write_at(file_, offset_, &all, 1); result < 0) return result;
  if (sync) {
    if (const int result = disk_.sync(file_); result < 0) return result;
  }
  offset_ += out.size();
  journal_.remove();
  tally_.remove();
  disk_.close(file_);
  file_ = -1;
  return 0;
}

}  // namespace busbar::blackbox
