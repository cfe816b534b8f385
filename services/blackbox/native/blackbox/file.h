// One MCAP file while it is written: append-only, every step either done or to be repeated.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "channels.h"
#include "chunk.h"
#include "disk.h"
#include "journal.h"
#include "settings.h"
#include "tally.h"

struct ZSTD_CCtx_s;

namespace busbar::blackbox {

inline constexpr std::string_view kLibrary = "busbar-blackbox 0.1.0";

/// Steps give 0 or -errno; after an error the file is as it was, and the same step may be tried again.
class RecordingFile {
 public:
  RecordingFile(const Settings& settings, Disk& disk);
  ~RecordingFile();
  RecordingFile(const RecordingFile&) = delete;
  RecordingFile& operator=(const RecordingFile&) = delete;

  bool is_open() const { return file_ >= 0; }
  const std::string& path() const { return path_; }
  uint64_t bytes() const { return offset_; }
  uint64_t messages() const { return statistics_.messages; }
  uint64_t chunks() const { return statistics_.chunks; }
  Journal& journal() { return journal_; }
  Tally& tally() { return tally_; }

  /// Creates the file and writes its first records. -EEXIST: somebody else has that name.
  int open(const std::string& path, const mcap::Texts& about, const std::vector<Type>& types);
  /// Writes the chunk with what stands before it and its message indexes, in one call to the system. The chunk stays as it is.
  /// @param sync also wait for the disk
  /// @param at receives the offset of the Chunk record
  int write(const Chunk& chunk, bool sync, uint64_t& at);
  int sync() { return disk_.sync(file_); }
  /// Writes metadata and summary and closes. Nothing may be in the open chunk.
  int finish(Channels& channels, const mcap::Texts& turns, const mcap::Texts& account,
             const mcap::Texts& sources, bool sync);
  /// Leaves the file without its summary, as a crash would, with journal and tally beside it.
  void abandon();

 private:
  int compress(const Chunk& chunk);
  void start_writing();
  void put_summary(Bytes& out, Channels& channels, const std::vector<mcap::MetadataIndex>& more);

  const Settings& settings_;
  Disk& disk_;
  Journal journal_;
  Tally tally_;
  int file_ = -1;
  std::string path_;
  uint64_t offset_ = 0;
  /// Up to here the disk was told to begin.
  uint64_t started_ = 0;
  uint32_t data_crc_ = 0;
  mcap::Statistics statistics_;
  std::vector<mcap::ChunkIndex> chunk_indexes_;
  std::vector<mcap::MetadataIndex> metadata_indexes_;
  // Memory that is kept between chunks.
  Bytes head_, tail_, compressed_;
  struct FreeContext {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, FreeContext> zstd_;
};

}  // namespace busbar::blackbox
