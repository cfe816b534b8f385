#include "recorder.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace busbar::blackbox {
namespace {

constexpr uint64_t kRetryNs = 100'000'000;
/// Names taken by others between two looks at the folder.
constexpr int kNamesTried = 1000;

std::string file_name(const Settings& settings, uint64_t number) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%06llu", static_cast<unsigned long long>(number));
  return settings.dir + "/" + settings.prefix + "-" + digits + ".mcap";
}

}  // namespace

uint64_t number_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || name.size() <= prefix.size() || name[prefix.size()] != '-') return 0;
  name.remove_prefix(prefix.size() + 1);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc()) return 0;
  const std::string_view suffix = name.substr(static_cast<size_t>(end - name.data()));
  return suffix == ".mcap" || suffix == ".mcap.journal" || suffix == ".mcap.tally" ? number : 0;
}

Recorder::Recorder(Settings settings, std::vector<Type> types, Disk& disk, Clock clock)
    : settings_(std::move(settings)),
      types_(std::move(types)),
      disk_(disk),
      clock_(clock),
      file_(settings_, disk),
      channels_(types_, settings_.channels_max),
      turns_(types_.size()) {
  for (size_t i = 0; i < types_.size(); i++) by_id_.emplace(types_[i].id, i);
  const bool events = std::any_of(types_.begin(), types_.end(), [](const Type& type) { return type.has_header; });
  simulated_time_ = settings_.log_time.value_or(events ? LogTime::simulated : LogTime::wall) == LogTime::simulated;
}

Recorder::~Recorder() { close(); }

std::string Recorder::start() {
  const auto problem = [&](int result) {
    return "the folder " + settings_.dir + " cannot be used: " + std::strerror(-result);
  };
  if (const int result = disk_.make_folder(settings_.dir); result < 0) return problem(result);
  std::vector<std::string> names;
  if (const int result = disk_.list(settings_.dir, names); result < 0) return problem(result);
  for (const std::string& name : names) number_ = std::max(number_, number_of(name, settings_.prefix) + 1);
  return {};
}

Taken Recorder::record(const Incoming& message) {
  if (message.replayed) {
    account_.received++;
    account_.replayed++;
    return Taken::done;
  }
  const auto found = by_id_.find(message.type_id);
  if (found == by_id_.end()) {
    account_.received++;
    account_.unknown_type++;
    return Taken::done;
  }
  const Type& type = types_[found->second];
  if (!type.has_header) return record_known(message, found->second, nullptr);
  EventHeader header;
  const bool readable = read_event_header(message.payload, message.length, header);
  if (!readable || (type.event_type >= 0 && header.event_type != type.event_type)) {
    account_.received++;
    (readable ? account_.bad_header : account_.malformed)++;
    return Taken::done;
  }
  return record_known(message, found->second, &header);
}

Taken Recorder::record_known(const Incoming& message, size_t type, const EventHeader* header) {
  if (failed_ || blocked_until_ != 0 || !ready_for(message, header)) return refuse_or_wait();
  const uint64_t number = recorded_ + 1;
  const uint64_t sequence = header != nullptr && header->sequence != 0 ? header->sequence : number;
  const uint64_t own_time = header != nullptr ? header->timestamp : simulated_;
  const uint64_t log_time = simulated_time_ ? own_time : message.publish_time;

  Channel& channel = header != nullptr ? channels_.of_faction(type, header->faction, chunk_.before)
                                       : channels_.of_topic(type, message.topic, chunk_.before);
  if (chunk_.empty()) chunk_.opened = clock_.monotonic();
  const size_t from = chunk_.records.size();
  uint8_t* const to = chunk_.add(channel, static_cast<uint32_t>(sequence), log_time, message.publish_time, message.length);
  if (message.length > 0) std::memcpy(to, message.payload, message.length);
  if (settings_.journal) {
    const int result =
        file_.journal().append(file_.bytes(), number, chunk_.before.data() + journaled_, chunk_.before.size() - journaled_,
                               chunk_.records.data() + from, chunk_.records.size() - from);
    if (!result_of(result, "the journal of", file_.path())) {
      chunk_.take_back(channel, message.length);
      return refuse_or_wait();
    }
    account_.journal_bytes += chunk_.before.size() - journaled_ + chunk_.records.size() - from;
    journaled_ = chunk_.before.size();
  }

  channel.messages++;
  recorded_ = number;
  account_.received++;
  account_.buffered++;
  if (header != nullptr) {
    simulated_ = std::max(simulated_, header->timestamp);
    has_turn_ = true;
    turn_ = header->turn;
    turns_.add(header->turn, type, sequence, log_time);
  }
  const size_t source = sources_.add(message.source, message.epoch, message.number);
  file_.tally().add(type, header != nullptr ? header->sequence : 0, sources_, source);
  return Taken::done;
}

/// Whether there is a file and a chunk with room; writes and rolls what must be.
bool Recorder::ready_for(const Incoming& message, const EventHeader* header) {
  const uint64_t bytes = mcap::kMessageHeadBytes + message.length;
  if (header != nullptr && has_turn_ && header->turn != turn_) {
    if (settings_.sync == Sync::turn && !chunk_.empty() && !write_chunk(true)) return false;
    const size_t turns_max = settings_.roll_turns == 0 ? kTurnsMax : settings_.roll_turns;
    if (turns_.size() >= turns_max && !turns_.has(header->turn) && !finish_file(false)) return false;
  }
  if (!chunk_.empty() && chunk_.records.size() + bytes > settings_.chunk_bytes && !write_chunk(false)) return false;
  // A chunk never waits across a roll, so a file ends where the next chunk might not fit.
  if (file_.is_open() && chunk_.empty() && file_.chunks() > 0 &&
      file_.bytes() + std::max<uint64_t>(settings_.chunk_bytes, bytes) > settings_.file_bytes && !finish_file(false))
    return false;
  return file_.is_open() || open_file();
}

Taken Recorder::refuse_or_wait() {
  if (settings_.on_error == OnError::block) {
    if (blocked_until_ == 0) blocked_until_ = clock_.monotonic() + kRetryNs;
    return Taken::later;
  }
  failed_ = true;
  account_.received++;
  account_.io++;
  return Taken::failed;
}

void Recorder::wake() {
  const uint64_t now = clock_.monotonic();
  const bool again = blocked_until_ != 0 && now >= blocked_until_;
  if (again) blocked_until_ = 0;
  if (failed_) return;
  const bool old = !chunk_.empty() && now - chunk_.opened >= settings_.chunk_age_ns;
  const bool over = settings_.roll_ns != 0 && file_.is_open() && now - file_opened_ >= settings_.roll_ns;
  const bool fine = over ? finish_file(false) : !(old || (again && !chunk_.empty())) || write_chunk(false);
  if (!fine) {
    if (settings_.on_error == OnError::fail) failed_ = true;
    else blocked_until_ = now + kRetryNs;
  }
}

uint64_t Recorder::wake_at() const {
  if (failed_) return 0;
  if (blocked_until_ != 0) return blocked_until_;
  uint64_t at = UINT64_MAX;
  if (!chunk_.empty()) at = chunk_.opened + settings_.chunk_age_ns;
  if (settings_.roll_ns != 0 && file_.is_open()) at = std::min(at, file_opened_ + settings_.roll_ns);
  return at == UINT64_MAX ? 0 : at;
}

bool Recorder::flush(bool sync) {
  if (!chunk_.empty() && !write_chunk(sync)) return false;
  if (sync && file_.is_open()) return result_of(file_.sync(), "the file", file_.path());
  return true;
}

bool Recorder::roll() { return finish_file(false); }

bool Recorder::close() {
  if (!file_.is_open()) return true;
  if (finish_file(settings_.sync != Sync::never)) return true;
  account_.io += account_.buffered;
  account_.buffered = 0;
  chunk_.clear(0);
  channels_.clear();
  turns_.clear();
  sources_.clear();
  file_.abandon();
  return false;
}

bool Recorder::open_file() {
  const std::string path = file_name(settings_, number_);
  int result = -EEXIST;
  for (int tried = 0; result == -EEXIST && tried < kNamesTried; tried++) {
    if (tried > 0) number_++;
    result = file_.open(file_name(settings_, number_), recording_texts(), types_);
  }
  if (!result_of(result, "the new file", path)) return false;
  number_++;
  file_opened_ = clock_.monotonic();
  account_.files++;
  account_.bytes += file_.bytes();
  return true;
}

bool Recorder::write_chunk(bool sync) {
  uint64_t at = 0;
  const uint64_t before = file_.bytes();
  if (!result_of(file_.write(chunk_, sync || settings_.sync == Sync::chunk, at), "the file", file_.path())) return false;
  turns_.chunk_written(at);
  account_.bytes += file_.bytes() - before;
  account_.chunks++;
  account_.written += chunk_.messages;
  account_.buffered -= chunk_.messages;
  const uint64_t now = clock_.wall();
  account_.lag_ns = now > chunk_.oldest_publish_time ? now - chunk_.oldest_publish_time : 0;
  account_.lag_max_ns = std::max(account_.lag_max_ns, account_.lag_ns);
  chunk_.clear(settings_.chunk_bytes);
  journaled_ = 0;
  file_.journal().drop();
  return true;
}

bool Recorder::finish_file(bool sync) {
  if (!file_.is_open()) return true;
  if (!chunk_.empty() && !write_chunk(false)) return false;
  std::vector<std::string_view> names;
  for (const Type& type : types_) names.push_back(type.name);
  const uint64_t before = file_.bytes();
  closed_messages_ = file_.messages();
  const std::string path = file_.path();
  const bool synced = sync || settings_.sync != Sync::never;
  if (!result_of(file_.finish(channels_, turns_.texts(names), account_texts(), sources_.texts(), synced), "the file", path)) return false;
  closed_path_ = path;
  closed_bytes_ = file_.bytes();
  account_.bytes += file_.bytes() - before;
  channels_.clear();
  turns_.clear();
  sources_.clear();
  return true;
}

bool Recorder::result_of(int result, const char* what, const std::string& path) {
  if (result >= 0) {
    blocked_until_ = 0;
    return true;
  }
  account_.write_errors++;
  account_.last_error = std::string(what) + " " + path + " cannot be written: " + std::strerror(-result);
  return false;
}

mcap::Texts Recorder::recording_texts() const {
  return {{"format", "1"},
          {"number", std::to_string(number_)},
          {"started", std::to_string(clock_.wall())},
          {"log_time", simulated_time_ ? "simulated" : "wall"},
          {"first", std::to_string(recorded_ + 1)},
          {"compression", settings_.zstd ? "zstd" : "none"},
          {"chunk_bytes", std::to_string(settings_.chunk_bytes)}};
}

mcap::Texts Recorder::account_texts() const {
  return {{"received", std::to_string(account_.received)},
          {"written", std::to_string(account_.written)},
          {"replayed", std::to_string(account_.replayed)},
          {"malformed", std::to_string(account_.malformed)},
          {"bad_header", std::to_string(account_.bad_header)},
          {"unknown_type", std::to_string(account_.unknown_type)},
          {"io", std::to_string(account_.io)}};
}

}  // namespace busbar::blackbox
