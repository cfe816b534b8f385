#include "json.h"

#include <charconv>
#include <cmath>

namespace busbar::ecs {
namespace {

constexpr int kLevelsMax = 8;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::string whole(Json& json) {
    value(json, 0);
    space();
    if (problem_.empty() && at_ != text_.size()) fail("something follows the end");
    return problem_;
  }

 private:
  bool fail(const char* why) {
    if (problem_.empty()) problem_ = std::string(why) + " (byte " + std::to_string(at_) + ")";
    return false;
  }
  void space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      at_++;
    }
  }
  bool take(char c) {
    space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    at_++;
    return true;
  }
  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return fail("a value is wanted");
    at_ += expected.size();
    return true;
  }

  bool value(Json& json, int level) {
    if (level >= kLevelsMax) return fail("more than 8 levels");
    space();
    if (at_ >= text_.size()) return fail("the text ends early");
    switch (text_[at_]) {
      case '{':
        return object(json, level);
      case '[':
        return list(json, level);
      case '"':
        json.kind = Json::Kind::text;
        return string(json.text);
      case 't':
      case 'f':
        json.kind = Json::Kind::boolean;
        json.boolean = text_[at_] == 't';
        return word(json.boolean ? "true" : "false");
      case 'n':
        return word("null");
      default:
        return number(json);
    }
  }

  bool object(Json& json, int level) {
    json.kind = Json::Kind::object;
    at_++;
    if (take('}')) return true;
    do {
      space();
      std::pair<std::string, Json> member;
      if (at_ >= text_.size() || text_[at_] != '"') return fail("a key is wanted");
      if (!string(member.first)) return false;
      for (const auto& [key, unused] : json.members) {
        if (key == member.first) return fail("a key is there twice");
      }
      if (!take(':')) return fail("':' is wanted");
      if (!value(member.second, level + 1)) return false;
      json.members.push_back(std::move(member));
    } while (take(','));
    return take('}') || fail("',' or '}' is wanted");
  }

  bool list(Json& json, int level) {
    json.kind = Json::Kind::list;
    at_++;
    if (take(']')) return true;
    do {
      json.items.emplace_back();
      if (!value(json.items.back(), level + 1)) return false;
    } while (take(','));
    return take(']') || fail("',' or ']' is wanted");
  }

  bool number(Json& json) {
    json.kind = Json::Kind::number;
    const char first = text_[at_];
    if (first != '-' && (first < '0' || first > '9')) return fail("a value is wanted");
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), json.number);
    if (error != std::errc() || !std::isfinite(json.number)) return fail("no finite number");
    at_ += static_cast<size_t>(end - begin);
    return true;
  }

  bool string(std::string& out) {
    for (at_++; at_ < text_.size() && text_[at_] != '"'; at_++) {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return fail("a control character in a text");
      if (text_[at_] != '\\') {
        out += text_[at_];
      } else if (!escape(out)) {
        return false;
      }
    }
    if (at_ >= text_.size()) return fail("a text does not end");
    at_++;
    return true;
  }

  bool escape(std::string& out) {
    static constexpr std::string_view kNames = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
    at_++;
    if (at_ >= text_.size()) return fail("a text does not end");
    if (const size_t known = kNames.find(text_[at_]); known != std::string_view::npos) {
      out += kMeant[known];
      return true;
    }
    unsigned code = 0;
    const char* const digits = text_.data() + at_ + 1;
    if (text_[at_] != 'u' || at_ + 4 >= text_.size() || std::from_chars(digits, digits + 4, code, 16).ptr != digits + 4 ||
        (code >= 0xD800 && code < 0xE000)) {
      return fail("an escape that is not known; write the character itself");
    }
    at_ += 4;
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | code >> 6);
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      out += static_cast<char>(0xE0 | code >> 12);
      out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    }
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string problem_;
};

}  // namespace

std::string read_json(std::string_view text, Json& json) { return Reader(text).whole(json); }

}  // namespace busbar::ecs
