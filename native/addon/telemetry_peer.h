// A process whose telemetry is read, as JavaScript holds it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <napi.h>

#include "addon/loop_bell.h"
#include "addon/loop_poll.h"
#include "core/telemetry/board_client.h"

namespace busbar::addon {

class TelemetryPeer : public std::enable_shared_from_this<TelemetryPeer> {
 public:
  static constexpr uint32_t kTag = 0x54504552;

  /// `on_answer` gets { code, text, pid, process, services, slots } for each `ask`; undefined and why when there will be no
  /// more. @returns null with an exception pending (transport/unreachable when nobody listens there)
  static std::shared_ptr<TelemetryPeer> connect(Napi::Env env, std::shared_ptr<EnvState> state, const std::string& path,
                                                Napi::Function on_answer);
  ~TelemetryPeer() { close(); }
  /// Asks for all records. While an answer is awaited the process stays alive.
  void ask(Napi::Env env);
  /// Null before the first answer.
  const std::shared_ptr<telemetry::MappedBoard>& board() const { return board_; }
  /// Records that are open stay so. Safe to call twice.
  void close();

 private:
  void readable();
  void lose(const std::string& reason);

  napi_env env_ = nullptr;
  std::string path_;
  rendezvous::Peer peer_;
  std::unique_ptr<Callback> on_answer_;
  std::shared_ptr<LoopPoll> poll_;
  std::shared_ptr<telemetry::MappedBoard> board_;
};

/// One record of it.
struct TelemetryRecord {
  static constexpr uint32_t kTag = 0x54524543;

  TelemetryRecord(std::shared_ptr<telemetry::MappedBoard> mapped, const uint8_t* record)
      : board(std::move(mapped)), reader(record, board->slot_bytes(), board.get()) {}

  std::shared_ptr<telemetry::MappedBoard> board;
  telemetry::RecordReader reader;
  alignas(8) uint8_t copy[telemetry::kRecordBytes] = {};
};

}  // namespace busbar::addon
