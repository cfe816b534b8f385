#include "place.h"

#include <algorithm>

namespace busbar::payments {
namespace {

const Json kNothing{};

/// Edits between two words (Levenshtein).
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known) {
  if (word.size() > 64) return {};
  size_t best = std::max<size_t>(2, word.size() / 3) + 1;
  std::string_view nearest;
  for (const std::string_view name : known) {
    const size_t edits = distance(word, name);
    if (edits < best) {
      best = edits;
      nearest = name;
    }
  }
  return nearest.empty() ? std::string{} : "; did you mean '" + std::string(nearest) + "'?";
}

std::string Place::shown() const {
  const std::string text = canonical(*json_);
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

void Place::mismatch(const char* wanted) const {
  refuse(Code::type_mismatch, "is " + shown() + "; " + wanted + " is wanted");
}

void Place::keys(std::initializer_list<std::string_view> required,
                 std::initializer_list<std::string_view> optional) const {
  if (json_->kind != Json::Kind::object) mismatch("an object");
  for (const auto& [key, unused] : json_->members) {
    if (std::find(required.begin(), required.end(), key) != required.end()) continue;
    if (std::find(optional.begin(), optional.end(), key) != optional.end()) continue;
    std::vector<std::string_view> known(required);
    known.insert(known.end(), optional.begin(), optional.end());
    const std::string shown_key = key.substr(0, 64);
    throw Refusal(Code::unknown_key, path_.empty() ? shown_key : path_ + "." + shown_key,
                  "there is no such key" + suggestion(key, known));
  }
  for (const std::string_view key : required) {
    if (json_->find(key) == nullptr) throw Refusal(Code::missing_key, at(key).path(), "is missing");
  }
}

void Place::require(std::string_view key) const {
  if (json_->kind != Json::Kind::object) mismatch("an object");
  if (json_->find(key) != nullptr) return;
  std::string near;
  for (const auto& [name, unused] : json_->members) {
    if (!suggestion(name, {key}).empty()) near = "; did you mean it with '" + name.substr(0, 64) + "'?";
  }
  at(key).refuse(Code::missing_key, "is missing" + near);
}

Place Place::at(std::string_view key) const {
  const Json* const found = json_->find(key);
  return {found == nullptr ? kNothing : *found, path_.empty() ? std::string(key) : path_ + "." + std::string(key)};
}

bool Place::has(std::string_view key) const {
  const Json* const found = json_->find(key);
  return found != nullptr && found->kind != Json::Kind::null;
}

std::vector<Place> Place::items(size_t max) const {
  if (json_->kind != Json::Kind::list) mismatch("a list");
  if (json_->items.size() > max) {
    refuse(Code::limit_exceeded,
           "has " + std::to_string(json_->items.size()) + " items, the limit is " + std::to_string(max));
  }
  std::vector<Place> places;
  for (size_t i = 0; i < json_->items.size(); ++i) {
    places.emplace_back(json_->items[i], path_ + "[" + std::to_string(i) + "]");
  }
  return places;
}

std::vector<std::pair<std::string_view, Place>> Place::members() const {
  if (json_->kind != Json::Kind::object) mismatch("an object");
  std::vector<std::pair<std::string_view, Place>> list;
  for (const auto& [key, value] : json_->members) {
    list.emplace_back(key, Place(value, path_ + "." + key.substr(0, 64)));
  }
  return list;
}

bool Place::boolean() const {
  if (json_->kind != Json::Kind::boolean) mismatch("true or false");
  return json_->boolean;
}

int64_t Place::integer(int64_t low, int64_t high) const {
  if (json_->kind != Json::Kind::integer) mismatch("a whole number");
  const uint64_t limit = json_->negative ? uint64_t{1} << 63 : static_cast<uint64_t>(INT64_MAX);
  if (json_->magnitude <= limit) {
    const auto value = static_cast<int64_t>(json_->negative ? 0 - json_->magnitude : json_->magnitude);
    if (value >= low && value <= high) return value;
  }
  refuse(Code::out_of_range, "is " + shown() + "; it must lie in " + std::to_string(low) + ".." + std::to_string(high));
}

uint64_t Place::whole64() const {
  if (json_->kind != Json::Kind::integer) mismatch("a whole number");
  if (json_->negative) refuse(Code::out_of_range, "is " + shown() + "; it must lie in 0..18446744073709551615");
  return json_->magnitude;
}

double Place::real(double low, double high) const {
  double value = json_->real;
  if (json_->kind == Json::Kind::integer) {
    value = static_cast<double>(json_->magnitude);
    if (json_->negative) value = -value;
  } else if (json_->kind != Json::Kind::real) {
    mismatch("a number");
  }
  if (value < low || value > high) {
    refuse(Code::out_of_range, "is " + shown() + "; it must lie in " + number_text(low) + ".." + number_text(high));
  }
  return value;
}

const std::string& Place::text(size_t bytes_max) const {
  if (json_->kind != Json::Kind::text) mismatch("a text");
  if (json_->text.size() > bytes_max) {
    refuse(Code::limit_exceeded,
           "has " + std::to_string(json_->text.size()) + " bytes, the limit is " + std::to_string(bytes_max));
  }
  return json_->text;
}

size_t Place::one_of(std::initializer_list<std::string_view> names, const char* what) const {
  const std::string& name = text();
  const auto* const found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    refuse(Code::unknown_name, std::string("there is no ") + what + " '" + name.substr(0, 64) + "'" +
                                   suggestion(name, std::vector<std::string_view>(names)));
  }
  return static_cast<size_t>(found - names.begin());
}

}  // namespace busbar::payments
