#include "json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "fault.h"

namespace busbar::payments {
namespace {

constexpr uint32_t kDepthMax = 512;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Json whole() {
    Json json = value(0);
    spaces();
    if (at_ != text_.size()) fail("something follows the value");
    return json;
  }

 private:
  [[noreturn]] void fail(const char* why) const {
    throw Refusal(Code::malformed, {}, "JSON, byte " + std::to_string(at_) + ": " + why);
  }
  void spaces() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  char peek() {
    spaces();
    if (at_ >= text_.size()) fail("the text ends early");
    return text_[at_];
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) fail("no value");
    at_ += expected.size();
  }

  Json value(uint32_t depth) {
    if (depth > kDepthMax) fail("more than 512 levels");
    Json json;
    switch (peek()) {
      case '{':
        ++at_;
        json.kind = Json::Kind::object;
        object(json, depth);
        break;
      case '[':
        ++at_;
        json.kind = Json::Kind::list;
        for (bool first = true; !take(']'); first = false) {
          if (!first && !take(',')) fail("',' or ']' is missing");
          json.items.push_back(value(depth + 1));
        }
        break;
      case '"':
        json.kind = Json::Kind::text;
        json.text = string();
        break;
      case 't':
        word("true");
        json.kind = Json::Kind::boolean;
        json.boolean = true;
        break;
      case 'f':
        word("false");
        json.kind = Json::Kind::boolean;
        break;
      case 'n':
        word("null");
        break;
      default:
        number(json);
    }
    return json;
  }

  void object(Json& json, uint32_t depth) {
    for (bool first = true; !take('}'); first = false) {
      if (!first && !take(',')) fail("',' or '}' is missing");
      if (peek() != '"') fail("a key is missing");
      std::string key = string();
      if (!take(':')) fail("':' is missing");
      json.members.emplace_back(std::move(key), value(depth + 1));
    }
    std::vector<std::string_view> keys;
    for (const auto& [key, unused] : json.members) keys.push_back(key);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    if (twice != keys.end()) {
      const std::string key(*twice);
      throw Refusal(Code::duplicate, {}, "JSON, byte " + std::to_string(at_) + ": key '" + key + "' is there twice");
    }
  }

  bool digits() {
    const size_t start = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > start;
  }

  void number(Json& json) {
    const size_t start = at_;
    const bool negative = text_[at_] == '-';
    if (negative) ++at_;
    const size_t first = at_;
    if (!digits()) fail("no value");
    if (text_[first] == '0' && at_ - first > 1) fail("a number begins with 0");
    const size_t whole_end = at_;
    bool whole = true;
    if (at_ < text_.size() && text_[at_] == '.') {
      whole = false;
      ++at_;
      if (!digits()) fail("digits are missing behind '.'");
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      whole = false;
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!digits()) fail("digits are missing in the exponent");
    }
    if (whole) {
      const auto result = std::from_chars(text_.data() + first, text_.data() + whole_end, json.magnitude);
      if (result.ec == std::errc{}) {
        json.kind = Json::Kind::integer;
        json.negative = negative && json.magnitude != 0;
        return;
      }
    }
    json.kind = Json::Kind::real;
    const auto result = std::from_chars(text_.data() + start, text_.data() + at_, json.real);
    // Too small to be told from 0 is 0; too large is refused.
    if (result.ec == std::errc::result_out_of_range &&
        std::abs(std::strtod(std::string(text_.substr(start, at_ - start)).c_str(), nullptr)) < 1) {
      json.real = 0;
    } else if (result.ec != std::errc{} || !std::isfinite(json.real)) {
      fail("the number is too large");
    }
  }

  uint32_t hex4() {
    uint32_t code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) fail("an escape needs four hex digits");
      code = code * 16 + static_cast<uint32_t>(digit);
    }
    return code;
  }

  static void append_utf8(std::string& out, uint32_t code) {
    const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0 | code >> 6);
      put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      put(0xE0 | code >> 12);
      put(0x80 | (code >> 6 & 0x3F));
      put(0x80 | (code & 0x3F));
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
      put(0x80 | (code >> 6 & 0x3F));
      put(0x80 | (code & 0x3F));
    }
  }

  std::string string() {
    ++at_;
    std::string out;
    for (;;) {
      if (at_ >= text_.size()) fail("a text does not end");
      const char c = text_[at_++];
      if (c == '"') return out;
      if (static_cast<unsigned char>(c) < 0x20) fail("a control character stands in a text");
      if (c != '\\') {
        out.push_back(c);
        continue;
      }
      if (at_ >= text_.size()) fail("a text does not end");
      switch (text_[at_++]) {
        case '"':
          out.push_back('"');
          break;
        case '\\':
          out.push_back('\\');
          break;
        case '/':
          out.push_back('/');
          break;
        case 'b':
          out.push_back('\b');
          break;
        case 'f':
          out.push_back('\f');
          break;
        case 'n':
          out.push_back('\n');
          break;
        case 'r':
          out.push_back('\r');
          break;
        case 't':
          out.push_back('\t');
          break;
        case 'u': {
          uint32_t code = hex4();
          if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
            at_ += 2;
            const uint32_t low = hex4();
            if (low < 0xDC00 || low > 0xDFFF) fail("half of a surrogate pair");
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
          } else if (code >= 0xD800 && code <= 0xDFFF) {
            fail("half of a surrogate pair");
          }
          append_utf8(out, code);
          break;
        }
        default:
          fail("an unknown escape");
      }
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

void write_text(std::string_view text, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out.push_back(kHex[c >> 4]);
          out.push_back(kHex[c & 15]);
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

void write(const Json& json, std::string& out) {
  switch (json.kind) {
    case Json::Kind::null:
      out += "null";
      break;
    case Json::Kind::boolean:
      out += json.boolean ? "true" : "false";
      break;
    case Json::Kind::integer:
      if (json.negative) out.push_back('-');
      out += std::to_string(json.magnitude);
      break;
    case Json::Kind::real:
      out += number_text(json.real);
      break;
    case Json::Kind::text:
      write_text(json.text, out);
      break;
    case Json::Kind::list:
      out.push_back('[');
      for (size_t i = 0; i < json.items.size(); ++i) {
        if (i > 0) out.push_back(',');
        write(json.items[i], out);
      }
      out.push_back(']');
      break;
    case Json::Kind::object: {
      std::vector<const std::pair<std::string, Json>*> sorted;
      for (const auto& member : json.members) sorted.push_back(&member);
      std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
      out.push_back('{');
      for (size_t i = 0; i < sorted.size(); ++i) {
        if (i > 0) out.push_back(',');
        write_text(sorted[i]->first, out);
        out.push_back(':');
        write(sorted[i]->second, out);
      }
      out.push_back('}');
    }
  }
}

}  // namespace

const Json* Json::find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return &value;
  }
  return nullptr;
}

Json read_json(std::string_view text) { return Reader(text).whole(); }

std::string canonical(const Json& json) {
  std::string out;
  write(json, out);
  return out;
}

// ECMA-262, Number::toString: digits d, exponent n with value 0.d * 10^n.
std::string number_text(double value) {
  if (value == 0) return "0";
  char buffer[40];
  const char* const end =
      std::to_chars(buffer, buffer + sizeof buffer, std::abs(value), std::chars_format::scientific).ptr;
  std::string digits;
  const char* at = buffer;
  for (; at < end && *at != 'e'; ++at) {
    if (*at != '.') digits.push_back(*at);
  }
  int n = 1 + std::atoi(std::string(at + 1, end).c_str());
  const int k = static_cast<int>(digits.size());
  std::string out = value < 0 ? "-" : "";
  if (k <= n && n <= 21) {
    out += digits + std::string(static_cast<size_t>(n - k), '0');
  } else if (0 < n && n <= 21) {
    out += digits.substr(0, static_cast<size_t>(n)) + "." + digits.substr(static_cast<size_t>(n));
  } else if (-6 < n && n <= 0) {
    out += "0." + std::string(static_cast<size_t>(-n), '0') + digits;
  } else {
    out += digits.substr(0, 1) + (k > 1 ? "." + digits.substr(1) : "") + "e" + (n > 0 ? "+" : "-") +
           std::to_string(std::abs(n - 1));
  }
  return out;
}

}  // namespace busbar::payments
