// A value of a JSON text together with where it stands: typed access whose refusals name path, value and cure.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "fault.h"
#include "json.h"

namespace busbar::payments {

/// "; did you mean 'x'?" or nothing.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& known);

class Place {
 public:
  Place(const Json& json, std::string path) : json_(&json), path_(std::move(path)) {}

  const Json& json() const { return *json_; }
  const std::string& path() const { return path_; }
  bool is_null() const { return json_->kind == Json::Kind::null; }

  [[noreturn]] void refuse(Code code, const std::string& problem) const { throw Refusal(code, path_, problem); }

  /// Refuses what is no object, unknown keys (with a suggestion) and required keys that are missing.
  void keys(std::initializer_list<std::string_view> required,
            std::initializer_list<std::string_view> optional = {}) const;
  /// Refuses what is no object, or has no such key; for the key that says which others there are.
  void require(std::string_view key) const;
  Place at(std::string_view key) const;
  /// Absent and null are the same.
  bool has(std::string_view key) const;
  /// Items of a list of at most `max`.
  std::vector<Place> items(size_t max) const;
  /// Members of an object, in the order of the text.
  std::vector<std::pair<std::string_view, Place>> members() const;

  bool boolean() const;
  int64_t integer(int64_t low, int64_t high) const;
  uint64_t whole64() const;
  double real(double low, double high) const;
  const std::string& text(size_t bytes_max = 4096) const;
  /// Place of the text among `names`.
  size_t one_of(std::initializer_list<std::string_view> names, const char* what) const;

  /// The value in short, for sentences.
  std::string shown() const;

 private:
  [[noreturn]] void mismatch(const char* wanted) const;

  const Json* json_;
  std::string path_;
};

}  // namespace busbar::payments
