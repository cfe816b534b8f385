// Where two threads of one process meet: by name, in memory. What goes over is what two processes send each other, one
// handshake message at a time, but the rings beside it are private memory that both ends hold; there is no descriptor,
// no socket and nothing to map. An end that is closed, or whose thread ends, is seen by the other one at once.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/rendezvous/rendezvous.h"
#include "core/ring/ring_memory.h"

namespace busbar::rendezvous {

struct ThreadPacket {
  std::vector<uint8_t> bytes;
  /// Data and control ring, or neither.
  std::array<std::shared_ptr<ring::RingMemory>, 2> rings;
};

/// Must not block, nor call back into ends or doors. Comes on any thread.
using ThreadCall = std::function<void()>;

/// Packets that wait in one end, ends that wait at one door.
inline constexpr size_t kPacketsMax = 64;
inline constexpr size_t kKnocksMax = 256;

/// One end of a link of two threads. Every function may be called from any thread; none waits.
class ThreadEnd {
 public:
  ~ThreadEnd() { close(); }
  ThreadEnd(const ThreadEnd&) = delete;
  ThreadEnd& operator=(const ThreadEnd&) = delete;

  /// `mail` tells that there is something to `receive`, `bell` that the other end has rung. Called at once for what
  /// came before; never after `close` has returned.
  void listen(ThreadCall mail, ThreadCall bell);
  /// @returns kOk, kAgain (too many wait), kClosed, kFailed (too large)
  Status send(ThreadPacket packet);
  /// @returns kOk, kAgain (nothing there), kClosed (the other end is gone and everything it sent was received)
  Status receive(ThreadPacket& packet);
  /// Rings the other end.
  void ring();
  void close();

 private:
  friend class ThreadDoor;
  struct Side {
    std::deque<ThreadPacket> mail;
    ThreadCall on_mail, on_bell;
    bool rung = false;
    bool open = true;
  };
  struct Link {
    std::mutex mutex;
    std::array<Side, 2> sides;  // by mutex
  };

  ThreadEnd(std::shared_ptr<Link> link, int side) : link_(std::move(link)), side_(side) {}
  Side& own() { return link_->sides[side_]; }
  Side& other() { return link_->sides[1 - side_]; }

  std::shared_ptr<Link> link_;
  int side_;
};

/// A place of one name in this process. Names are whatever the caller chooses; one door has one name.
class ThreadDoor {
 public:
  /// @param knock somebody waits: called on the thread that connects
  /// @returns kOk, kInUse
  static Status open(const std::string& name, ThreadCall knock, std::shared_ptr<ThreadDoor>& door);
  /// @returns kOk, kRefused (no such door), kAgain (too many wait there)
  static Status connect(const std::string& name, std::shared_ptr<ThreadEnd>& end);
  ~ThreadDoor() { close(); }
  ThreadDoor(const ThreadDoor&) = delete;
  ThreadDoor& operator=(const ThreadDoor&) = delete;

  /// The next one that waits, or null.
  std::shared_ptr<ThreadEnd> accept();
  /// Those that wait are closed.
  void close();

 private:
  ThreadDoor(std::string name, ThreadCall knock) : name_(std::move(name)), knock_(std::move(knock)) {}

  std::string name_;
  ThreadCall knock_;
  std::deque<std::shared_ptr<ThreadEnd>> waiting_;
  bool open_ = true;
};

}  // namespace busbar::rendezvous
