// A JSON reader for test vectors: objects, arrays, strings (with escapes), numbers as text, true, false, null.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace busbar::testing {

struct Json {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject } kind = Kind::kNull;
  std::string text;  // of a number or string; "true" or "false"
  std::vector<Json> items;
  std::map<std::string, Json> members;

  bool has(const std::string& key) const { return members.contains(key); }
  const Json& operator[](const std::string& key) const {
    const auto found = members.find(key);
    if (found == members.end()) throw std::runtime_error("no member '" + key + "'");
    return found->second;
  }
  /// Integers are strings in the vectors, so that 64 bits survive JavaScript.
  uint64_t integer() const { return std::stoull(text); }
};

class JsonReader {
 public:
  static Json read(std::string_view text) {
    JsonReader reader(text);
    Json value = reader.value();
    reader.space();
    if (reader.at_ != text.size()) reader.fail("more after the end");
    return value;
  }

 private:
  explicit JsonReader(std::string_view text) : text_(text) {}

  [[noreturn]] void fail(const char* why) const {
    throw std::runtime_error("JSON, byte " + std::to_string(at_) + ": " + why);
  }
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) at_++;
  }
  char peek() {
    space();
    if (at_ == text_.size()) fail("ends early");
    return text_[at_];
  }
  bool take(char c) {
    if (peek() != c) return false;
    at_++;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail("unexpected character");
  }

  Json value() {
    Json json;
    switch (peek()) {
      case '{':
        json.kind = Json::Kind::kObject;
        at_++;
        for (bool first = true; !take('}'); first = false) {
          if (!first) expect(',');
          peek();
          const std::string key = string();
          expect(':');
          json.members[key] = value();
        }
        return json;
      case '[':
        json.kind = Json::Kind::kArray;
        at_++;
        for (bool first = true; !take(']'); first = false) {
          if (!first) expect(',');
          json.items.push_back(value());
        }
        return json;
      case '"':
        json.kind = Json::Kind::kString;
        json.text = string();
        return json;
      default:
        while (at_ < text_.size() && std::string_view(",]} \t\r\n").find(text_[at_]) == std::string_view::npos) {
          json.text.push_back(text_[at_++]);
        }
        if (json.text.empty()) fail("no value");
        if (json.text == "true" || json.text == "false") {
          json.kind = Json::Kind::kBool;
        } else if (json.text != "null") {
          json.kind = Json::Kind::kNumber;
        }
        return json;
    }
  }

  std::string string() {
    expect('"');
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"') {
      char c = text_[at_++];
      if (c == '\\') {
        if (at_ == text_.size()) fail("ends in an escape");
        c = text_[at_++];
        switch (c) {
          case 'n':
            c = '\n';
            break;
          case 't':
            c = '\t';
            break;
          case 'r':
            c = '\r';
            break;
          case 'b':
            c = '\b';
            break;
          case 'f':
            c = '\f';
            break;
          case 'u': {
            if (at_ + 4 > text_.size()) fail("ends in an escape");
            const auto code = static_cast<unsigned>(std::stoul(std::string(text_.substr(at_, 4)), nullptr, 16));
            at_ += 4;
            if (code < 0x80) {
              out.push_back(static_cast<char>(code));
            } else if (code < 0x800) {
              out.push_back(static_cast<char>(0xC0 | code >> 6));
              out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
            } else {
              out.push_back(static_cast<char>(0xE0 | code >> 12));
              out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3F)));
              out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
            }
            continue;
          }
          default:
            break;
        }
      }
      out.push_back(c);
    }
    expect('"');
    return out;
  }

  std::string_view text_;
  size_t at_ = 0;
};

inline std::vector<uint8_t> from_hex(std::string_view hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

}  // namespace busbar::testing
