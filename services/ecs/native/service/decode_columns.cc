// Columns of requests: the one vector of the type, its length, its nulls.
#include <cstring>

#include "decode.h"

namespace busbar::ecs {
namespace {

/// The bytes of the column's vectors, by type of the schema.
struct Vectors {
  std::span<const uint8_t> of[static_cast<size_t>(::ecs::FieldType::f32_vector) + 1];
  int given = 0;
};

template <class T>
std::span<const uint8_t> bytes_of(const flatbuffers::Vector<T>* vector) {
  if (vector == nullptr) return {};
  return {vector->Data(), vector->size() * sizeof(T)};
}

Vectors vectors_of(const ::ecs::Column& column) {
  using Type = ::ecs::FieldType;
  Vectors vectors;
  const auto put = [&](Type type, std::span<const uint8_t> bytes) {
    vectors.of[static_cast<size_t>(type)] = bytes;
    if (!bytes.empty()) vectors.given++;
  };
  put(Type::boolean, bytes_of(column.bits()));
  put(Type::i8, bytes_of(column.i8()));
  put(Type::i16, bytes_of(column.i16()));
  put(Type::i32, bytes_of(column.i32()));
  put(Type::i64, bytes_of(column.i64()));
  put(Type::u8, bytes_of(column.u8()));
  put(Type::u16, bytes_of(column.u16()));
  put(Type::u32, bytes_of(column.u32()));
  put(Type::u64, bytes_of(column.u64()));
  put(Type::f32, bytes_of(column.f32()));
  put(Type::f64, bytes_of(column.f64()));
  put(Type::utf8, bytes_of(column.codes()));
  vectors.of[static_cast<size_t>(Type::entity)] = vectors.of[static_cast<size_t>(Type::u64)];
  vectors.of[static_cast<size_t>(Type::f32_vector)] = vectors.of[static_cast<size_t>(Type::f32)];
  return vectors;
}

std::string count_text(uint64_t given, const char* what, uint64_t wanted, uint32_t rows) {
  return std::to_string(given) + " " + what + ", " + std::to_string(wanted) + " are wanted for " +
         std::to_string(rows) + " rows";
}

bool valid_at(const ::ecs::Column& column, uint32_t row) {
  return column.validity() == nullptr || column.validity()->size() == 0 ||
         bits::get_byte(column.validity()->Data(), row);
}

Fault check_column(const ::ecs::Column& column, const FieldInfo& info, const std::string& path, uint32_t rows,
                   bool coded) {
  const std::string place = path + " (" + info.path + ")";
  const ::ecs::FieldType wanted = schema_type(info.field.type);
  if (column.type() != wanted) {
    const auto given = static_cast<uint8_t>(column.type());
    return {Code::type_mismatch,
            place + " has type " + (given <= 14 ? ::ecs::EnumNameFieldType(column.type()) : std::to_string(given)) +
                ", the field is " + ::ecs::EnumNameFieldType(wanted)};
  }
  const bool vector = info.field.type == FieldType::vec_f32;
  if (vector && column.width() != info.field.width) {
    return {Code::type_mismatch, place + " has width " + std::to_string(column.width()) + ", the field has " +
                                     std::to_string(info.field.width)};
  }
  const uint32_t bitmap = (rows + 7) / 8;
  if (column.validity() != nullptr && column.validity()->size() != 0 && column.validity()->size() != bitmap) {
    return {Code::malformed, place + ": validity has " + count_text(column.validity()->size(), "bytes", bitmap, rows)};
  }
  const Vectors vectors = vectors_of(column);
  const std::span<const uint8_t> bytes = vectors.of[static_cast<size_t>(wanted)];
  if (vectors.given > (bytes.empty() ? 0 : 1)) {
    return {Code::malformed, place + " has values of another type, too; give the vector of its type only"};
  }
  const uint32_t texts = column.dictionary() == nullptr ? 0 : column.dictionary()->size();
  if (info.field.type == FieldType::utf8) {
    const uint64_t codes = bytes.size() / 4;
    if (codes == 0 && !coded && texts != rows) {
      return {Code::malformed, place + " has " + count_text(texts, "texts without codes", rows, rows)};
    }
    if ((codes != 0 || coded) && codes != rows) {
      return {Code::malformed, place + " has " + count_text(codes, "codes", rows, rows)};
    }
    if (coded && texts != 0) return {Code::malformed, place + " has a dictionary of its own"};
    return {};
  }
  if (texts != 0) return {Code::malformed, place + " has a dictionary, which only utf8 has"};
  if (info.field.type == FieldType::boolean) {
    if (bytes.size() == bitmap) return {};
    return {Code::malformed, place + " has " + count_text(bytes.size(), "bytes of bits", bitmap, rows)};
  }
  const uint32_t stride = stride_of(info.field.type, info.field.width);
  if (bytes.size() == uint64_t{rows} * stride) return {};
  const uint32_t one = vector ? 4 : stride;
  return {Code::malformed,
          place + " has " + count_text(bytes.size() / one, "values", uint64_t{rows} * (stride / one), rows)};
}

constexpr uint32_t kNoCode = 0xFFFF'FFFF;

/// Codes of the store for the column's texts; kNoCode, which the store refuses for its item, where a text is none.
Fault intern_texts(Store& store, const ::ecs::Column& column, uint32_t rows, std::vector<uint8_t>& out) {
  out.resize(uint64_t{rows} * 4);
  const uint32_t texts = column.dictionary() == nullptr ? 0 : column.dictionary()->size();
  const bool has_codes = column.codes() != nullptr && column.codes()->size() > 0;
  std::vector<uint32_t> known(texts, kNoCode);
  std::vector<bool> asked(texts);
  for (uint32_t row = 0; row < rows; row++) {
    uint32_t code = 0;
    if (valid_at(column, row)) {
      uint32_t text = row;
      if (has_codes) std::memcpy(&text, column.codes()->Data() + uint64_t{row} * 4, 4);
      code = kNoCode;
      if (text < texts) {
        if (!asked[text]) {
          asked[text] = true;
          const Fault fault = store.intern(view_of(column.dictionary()->Get(text)), known[text]);
          if (fault.code == Code::limit_exceeded) return fault;
          if (fault) known[text] = kNoCode;
        }
        code = known[text];
      }
    }
    std::memcpy(out.data() + uint64_t{row} * 4, &code, 4);
  }
  return {};
}

}  // namespace

Fault GroupColumns::check(const Store& store, const std::string& path, const Columns* columns, uint32_t rows,
                          bool coded) {
  columns_.clear();
  for (uint32_t i = 0; columns != nullptr && i < columns->size(); i++) {
    const ::ecs::Column& column = *columns->Get(i);
    const std::string place = at(path + ".columns", i);
    FieldId field = 0;
    if (Fault fault = read_field(store, place, view_of(column.field()), field)) return fault;
    for (const ValueColumn& other : columns_) {
      if (other.field != field) continue;
      return {Code::duplicate, place + ": '" + store.field(field).path + "' is there twice"};
    }
    if (Fault fault = check_column(column, store.field(field), place, rows, coded)) return fault;
    columns_.push_back({field, {}, {}});
  }
  return {};
}

Fault GroupColumns::read(Store& store, const std::string& path, const Columns* columns, uint32_t rows) {
  if (Fault fault = check(store, path, columns, rows, false)) return fault;
  for (size_t i = 0; i < columns_.size(); i++) {
    const ::ecs::Column& column = *columns->Get(static_cast<uint32_t>(i));
    const Field& field = store.field(columns_[i].field).field;
    const std::span<const uint8_t> bytes = vectors_of(column).of[static_cast<size_t>(schema_type(field.type))];
    columns_[i].validity = bytes_of(column.validity());
    columns_[i].values = bytes;
    if (field.type == FieldType::utf8) {
      if (Fault fault = intern_texts(store, column, rows, memory_.emplace_back())) return fault;
      columns_[i].values = memory_.back();
    } else if (field.type == FieldType::boolean) {
      std::vector<uint8_t>& plain = memory_.emplace_back(rows);
      for (uint32_t row = 0; row < rows; row++) plain[row] = bits::get_byte(bytes.data(), row);
      columns_[i].values = plain;
    }
  }
  return {};
}

Fault GroupColumns::read_coded(const Store& store, const std::string& path, const Columns* columns, uint32_t rows) {
  if (Fault fault = check(store, path, columns, rows, true)) return fault;
  for (size_t i = 0; i < columns_.size(); i++) {
    const ::ecs::Column& column = *columns->Get(static_cast<uint32_t>(i));
    const Field& field = store.field(columns_[i].field).field;
    const std::span<const uint8_t> bytes = vectors_of(column).of[static_cast<size_t>(schema_type(field.type))];
    columns_[i].validity = bytes_of(column.validity());
    columns_[i].values = bytes;
    if (field.type == FieldType::boolean) {
      std::vector<uint8_t>& plain = memory_.emplace_back(rows);
      for (uint32_t row = 0; row < rows; row++) plain[row] = bits::get_byte(bytes.data(), row);
      columns_[i].values = plain;
    }
  }
  return {};
}

}  // namespace busbar::ecs
