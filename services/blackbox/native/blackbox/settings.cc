#include "settings.h"

#include <charconv>
#include <iterator>

namespace busbar::blackbox {
namespace {

/// A flat JSON object: all that this config is.
struct Reader {
  std::string_view rest;

  void skip() {
    while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\n' || rest[0] == '\t' || rest[0] == '\r'))
      rest.remove_prefix(1);
  }
  bool take(char c) {
    skip();
    if (rest.empty() || rest[0] != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  /// Escapes that a path or name needs: \" \\ \/ and \u00xx are enough; others are refused.
  bool text(std::string& out) {
    if (!take('"')) return false;
    out.clear();
    while (!rest.empty() && rest[0] != '"') {
      char c = rest[0];
      rest.remove_prefix(1);
      if (c == '\\') {
        if (rest.empty()) return false;
        c = rest[0];
        rest.remove_prefix(1);
        if (c != '"' && c != '\\' && c != '/') return false;
      }
      out.push_back(c);
    }
    return take('"');
  }
  bool number(uint64_t& out) {
    skip();
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out);
    if (error != std::errc()) return false;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    return rest.empty() || (rest[0] != '.' && rest[0] != 'e' && rest[0] != 'E');
  }
  bool word(std::string_view wanted) {
    skip();
    if (!rest.starts_with(wanted)) return false;
    rest.remove_prefix(wanted.size());
    return true;
  }
};

using Problem = std::string;

Problem whole(Reader& in, std::string_view key, uint64_t low, uint64_t high, uint64_t& out) {
  if (in.number(out) && out >= low && out <= high) return {};
  return std::string(key) + " must be a whole number from " + std::to_string(low) + " to " + std::to_string(high);
}

/// @returns the place of the text among `names`, or the problem
template <size_t N>
Problem one_of(Reader& in, std::string_view key, const std::string_view (&names)[N], size_t& out) {
  std::string text;
  if (in.text(text)) {
    for (out = 0; out < N; out++)
      if (names[out] == text) return {};
  }
  Problem problem = std::string(key) + (text.empty() ? "" : " is \"" + text + "\"; it") + " must be one of";
  for (const std::string_view name : names) problem += " \"" + std::string(name) + "\"";
  return problem;
}

Problem flag(Reader& in, std::string_view key, bool& out) {
  if (in.word("true")) return out = true, Problem();
  if (in.word("false")) return out = false, Problem();
  return std::string(key) + " must be true or false";
}

constexpr std::string_view kKeys[] = {"dir",         "prefix",  "chunk_kib", "chunk_ms", "file_mib", "roll_s",      "roll_turns",
                                      "compression", "journal", "fsync",     "on_error", "log_time", "channels_max"};

bool good_prefix(std::string_view text) {
  if (text.empty() || text.size() > 64 || text[0] == '.') return false;
  for (const char c : text) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
                      c == '-';
    if (!fine) return false;
  }
  return true;
}

Problem read_value(Reader& in, std::string_view key, Settings& out) {
  static constexpr std::string_view kCompressions[] = {"none", "zstd"}, kSyncs[] = {"never", "chunk", "turn"},
                                    kErrors[] = {"block", "fail"}, kTimes[] = {"simulated", "wall"};
  uint64_t number = 0;
  size_t choice = 0;
  Problem problem;
  if (key == "dir") {
    if (!in.text(out.dir) || out.dir.empty() || out.dir.find('\0') != std::string::npos)
      problem = "dir must be the path of a folder";
  } else if (key == "prefix") {
    if (!in.text(out.prefix) || !good_prefix(out.prefix))
      problem = "prefix must be 1 to 64 letters, digits, '_', '-' or '.', not starting with '.'";
  } else if (key == "chunk_kib") {
    problem = whole(in, key, 64, 256, number);
    out.chunk_bytes = static_cast<uint32_t>(number << 10);
  } else if (key == "chunk_ms") {
    problem = whole(in, key, 1, 60'000, number);
    out.chunk_age_ns = number * 1'000'000;
  } else if (key == "file_mib") {
    problem = whole(in, key, 1, 16'384, number);
    out.file_bytes = number << 20;
  } else if (key == "roll_s") {
    problem = whole(in, key, 0, 31'536'000, number);
    out.roll_ns = number * 1'000'000'000;
  } else if (key == "roll_turns") {
    problem = whole(in, key, 0, 65'536, number);
    out.roll_turns = static_cast<uint32_t>(number);
  } else if (key == "compression") {
    problem = one_of(in, key, kCompressions, choice);
    out.zstd = choice == 1;
  } else if (key == "journal") {
    problem = flag(in, key, out.journal);
  } else if (key == "fsync") {
    problem = one_of(in, key, kSyncs, choice);
    out.sync = static_cast<Sync>(choice);
  } else if (key == "on_error") {
    problem = one_of(in, key, kErrors, choice);
    out.on_error = static_cast<OnError>(choice);
  } else if (key == "log_time") {
    problem = one_of(in, key, kTimes, choice);
    out.log_time = static_cast<LogTime>(choice);
  } else if (key == "channels_max") {
    problem = whole(in, key, 1, 60'000, number);
    out.channels_max = static_cast<uint32_t>(number);
  } else {
    problem = "unknown key \"" + std::string(key) + "\"; the keys are";
    for (const std::string_view known : kKeys) problem += " " + std::string(known);
  }
  return problem;
}

}  // namespace

std::string read_settings(std::string_view json, Settings& out) {
  Reader in{json};
  std::string key;
  if (!in.take('{')) return "the config is not a JSON object";
  if (!in.take('}')) {
    do {
      if (!in.text(key) || !in.take(':')) return "the config is not a JSON object: a key is missing";
      if (Problem problem = read_value(in, key, out); !problem.empty()) return problem;
    } while (in.take(','));
    if (!in.take('}')) return "the config is not a JSON object: ',' or '}' is missing after \"" + key + "\"";
  }
  in.skip();
  if (!in.rest.empty()) return "the config is not a JSON object: something follows it";
  if (out.dir.empty()) return "dir is missing; name the folder for the recordings";
  return {};
}

}  // namespace busbar::blackbox
