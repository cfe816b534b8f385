// Where readers of the same user get the descriptor of a process's records. Free of any event loop: who owns one calls
// `accept` when the listener is readable and `serve` when a connection is. A connection stays open, because it tells its
// reader of this process's death.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/rendezvous/descriptor.h"
#include "core/telemetry/board.h"

namespace busbar::telemetry {

inline constexpr size_t kReadersMax = 64;

class Desk {
 public:
  /// @param path of the socket; one of a process that is gone is replaced. @returns null with `error` set; `in_use` when
  /// somebody listens there
  static std::unique_ptr<Desk> open(const std::string& path, std::shared_ptr<Board> board, std::string process,
                                    bool& in_use, std::string& error);
  /// Removes the socket; all readers see it as the end of this process.
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  int listener() const { return listener_.get(); }
  /// @returns the connection, to be watched; -1 when there is none (any more), `refused` then says who was sent away
  int accept(std::string& refused);
  /// Answers what the connection asks. @returns false when it is to be dropped
  bool serve(int connection);
  /// Closes a connection; whoever watches it has stopped.
  void drop(int connection) { readers_.erase(connection); }

 private:
  Desk() = default;

  std::string path_;
  std::string process_;
  std::shared_ptr<Board> board_;
  Descriptor listener_;
  std::map<int, Descriptor> readers_;
};

}  // namespace busbar::telemetry
