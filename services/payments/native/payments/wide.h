#pragma once

namespace busbar::payments {

/// Products of two 64-bit numbers.
__extension__ using Wide = unsigned __int128;

}  // namespace busbar::payments
