// A handle of the event loop that ends with its environment at the latest.
#pragma once

namespace busbar::addon {

class LoopHandle {
 public:
  virtual ~LoopHandle() = default;
  /// No call of its handler follows. Safe to call twice. The loop's thread.
  virtual void close() = 0;
};

}  // namespace busbar::addon
